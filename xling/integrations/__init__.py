"""xling inside the frameworks people use; each module needs the extra of its name.

`xling.integrations.langchain`, `xling.integrations.llama_index`, `xling.integrations.haystack`.
"""
