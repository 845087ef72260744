"""Looking at a collection: more like this, recommendations, labels, topics, maps. Imports nothing by itself."""
