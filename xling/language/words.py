"""Common words of languages: function words, and what people say to each other in one or two words.

Statistical detectors learn from encyclopaedias and scripture; they have hardly seen "Hello", "Hola" or
"Obrigado", and they confuse near relatives (Danish and Norwegian, Czech and Slovak, Spanish and Galician).
These words are what tells them apart: each list was chosen for its language, most of all for what the neighbours
write differently. A word may stand in several lists; then it decides nothing among those.

All lower case, NFC, split at apostrophes ("don't" is `don` and `t`).
"""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {
    "en": """the and of to in is are was were be been it he she they we you i me him her them us my your his
        their our this that these those what who where when why how which not no yes do does did don doesn
        didn isn aren t m s re ve ll d can could would should will have has had with from for on at by
        about but or if so very much many some any all please thank thanks hello hi hey goodbye bye good
        morning evening night see tomorrow yesterday today tonight sorry excuse welcome hungry thirsty
        tired happy there here want need know think like love let go come get make take again never always
        coffee tea water cat dog black white an a as than then too just only now up out world house friend
        name nice meet later soon okay help stop wait look""",
    "de": """der die das und ist nicht ich du er sie wir ihr es ein eine einen einem einer den dem des zu mit
        auf für von im in am an auch wie was wer wo wann warum sind war waren hat habe haben hatte kann
        können muss will wollen wird werden würde mich dich ihn ihm ihnen uns euch mein meine dein sein
        ihre kein keine keinen nur noch schon sehr gut aber oder wenn dass daß als nach bei aus bitte
        danke schön hallo tschüss guten morgen abend nacht tag wiedersehen ja nein heute gestern immer nie
        hier dort mehr viel entschuldigung liebe bin bist seid hast weiß geht gehen machen etwas nichts
        alles""",
    "nl": """de het een en van ik je jij hij zij wij we jullie niet is zijn was waren heb hebt heeft hebben had
        met op voor aan in te om dat die dit deze wat wie waar wanneer waarom hoe kan kunnen moet moeten
        wil willen zal zullen zou mij me hem haar ons hun mijn jouw uw u geen nog al ook maar of als dan
        naar bij uit heel erg goed dank bedankt alstublieft alsjeblieft hallo dag goedemorgen goedenavond
        welterusten tot ziens ja nee vandaag gisteren morgen altijd nooit hier daar meer veel alleen iets
        niets ben bent gaat gaan doen graag mooi zo er nu dus zoals tijd boek huis geld""",
    "af": """die het nie ek jy hy sy ons julle hulle is was en van vir met op aan te om dat wat wie waar
        wanneer hoekom hoe kan moet wil sal sou my jou hom haar hul u geen nog al ook maar of as dan na by
        uit baie goed dankie asseblief hallo totsiens goeie môre ja nee vandag gister altyd nooit hier
        daar meer iets niks gaan doen lief mooi sê wees gehad hierdie daardie n nou so net weer tyd boek
        huis geld""",
    "fy": """de it in en fan ik do hy sy wy net is wie hat haw mei op foar oan dat dy dit wat wêr hoe kin moat
        sil my ek mar goed tankewol ja nee hjoed altyd hjir dêr mear""",
    "lb": """de d an a vun ech du hien si mir net ass war huet hunn mat op fir dat wat wien wou wéi kann muss
        och awer oder gutt merci moien jo nee haut ëmmer hei do méi""",
    "da": """og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min
        havde ham hun nu over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil
        blev kunne ind når være dog noget ville jo deres efter ned skulle denne end dette mit også under
        have dig anden hende mine alt meget sit sine vor mod disse hvis din nogle hos blive mange bliver
        hendes været jer sådan nogen tak hej farvel godmorgen godnat ja nej aldrig altid hvem hvorfor
        hvordan kun mere gik fik sagde lige gerne penge mand kvinde uden bog hvornår lide ved tage gøre
        gør godt bedre hjem sprog hedder synes tror tænker kender måske morgen dansk venner ven år siden
        brug bruge købte vej hurtigt ligesom""",
    "no": """og i jeg det at en et den til er som på de med han av ikke der så var meg seg men har om vi min
        mitt ha hadde hun nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv
        sjøl her alle vil bli ble blei blitt kunne inn når være kom noen noe ville dere deres kun ja etter
        ned skulle denne for deg si sine sitt mot å meget hvorfor dette disse uten hvordan ingen din ditt
        blir samme hvilken hvilke sånn inni mellom vår hver hvem vors hvis både bare enn fordi før mange
        også slik vært begge siden henne hennes takk hei adjø morn nei aldri alltid mer mye veldig gikk
        fikk sa gjerne penger mann kvinne bok liker gjøre gjør bra god hjem språk heter tror tenker
        kjenner kanskje morgen norsk bruke kjøpte vei fort eg ikkje ein eit ho dei dykk kva kven kvar
        korleis kvifor vere vart noko nokon mykje berre frå me no høyre sjå seie gjere deira meir heime""",
    "sv": """och i jag det att en ett den till är som på de med han av för inte var mig sig men har om vi min
        mitt ha hade hon nu över då från du ut sin dem oss upp man kan hans hur eller vad ska skall själv
        här alla vill bli blev blivit kunde in när vara kom någon något några ville ni er deras efter ner
        skulle denna dig sina sitt mot mycket varför detta dessa utan ingen inget inga din ditt blir samma
        vilken vilka så sådan mellan vår varje vem dess både bara än därför före många också hennes henne
        tack hej adjö ja nej aldrig alltid mer mest gick fick sade sa gärna pengar kvinna bok tycker
        tyckte gillar göra gör bra god hem språk heter tror tänker känner kanske morgon svenska igår
        imorgon idag måste där hejdå snälla fort""",
    "is": """og í ég það að er sem á til með hann af ekki var mig sig en hefur um við minn hafa hafði hún nú
        yfir þá frá þú út þeir okkur upp hans hvar eða hvað skal sjálfur hér allir vil verða varð inn
        þegar vera eitthvað einhver þetta þessi takk halló já nei aldrei alltaf meira mjög hver hvers
        hvernig ert erum eru mér þér þig góðan daginn mikið""",
    "fo": """og í eg tað at er sum á til við hann av ikki var meg seg men hevur um vit mín hava hevði hon nú
        frá tú út teir okkum upp hansara hvar ella hvat skal her øll vil verða varð inn tá vera onkur takk
        ja nei altíð meira sera hvør eru ert góðan""",
    "fr": """le la les un une des de du et est ne pas je tu il elle nous vous ils elles on ce cette ces que qui
        quoi où quand pourquoi comment dans sur avec pour par au aux en se sa son ses ma mon mes ta ton
        tes notre votre leur mais ou si plus très bien tout tous être avoir ai as a avons avez ont suis es
        sommes êtes sont était c d j l m n qu s t y fait faire va vais peux peut veux veut dois doit merci
        bonjour bonsoir salut revoir oui non bonne nuit plaît aujourd hui hier demain jamais toujours ici
        là rien quelque chose beaucoup encore aussi comme chez sans temps voir aime sais sait pardon
        monsieur madame beau belle""",
    "es": """el la los las un una unos unas de del y es no que en por con para se lo le me te nos su sus mi mis
        tu tus yo él ella nosotros ellos ellas usted ustedes este esta esto ese esa eso qué quién dónde
        cuándo cómo cuánto cuál pero o si sí más muy bien todo todos ser estar tener ha he has han hay soy
        eres somos son está estoy están estaba era fue fui tengo tiene tienes puedo puede puedes quiero
        quiere hacer hace voy va vamos gracias hola adiós buenos buenas días tardes noches favor hoy ayer
        mañana nunca siempre aquí allí nada algo mucho mucha también como sin cuando donde porque desde
        hasta ya sólo solo casa tiempo amigo gusta sé creo vez al había les muchas hermano mujer hijo
        hombre lengua dijo""",
    "pt": """o a os as um uma uns umas de do da dos das e é não que em no na nos nas por com para se lhe me te
        seu sua seus suas meu minha teu tua eu tu ele ela nós eles elas você vocês este esta isto esse
        essa isso aquele quem onde quando como quanto qual mas ou sim mais muito muita bem tudo todos ser
        estar ter há sou és somos são está estou estão estava era foi fui tenho tem têm posso pode quero
        quer fazer faz vou vai vamos obrigado obrigada olá oi tchau adeus bom boa dia tarde noite favor
        hoje ontem amanhã nunca sempre aqui ali nada algo também sem porque desde até já só casa tempo
        amigo gosto sei acho ao à pelo pela num numa depois ainda dele dela meus dizer homem mulher irmão
        muitos""",
    "gl": """o a os as un unha uns unhas de do da dos das e é non que en no na nos nas por con para se lle me
        te seu súa meu miña teu túa eu ti el ela nós eles elas vostede este esta isto ese esa iso aquel
        quen onde cando como canto cal pero ou si máis moi moito moita ben todo todos ser estar ter hai
        son es somos está estou están estaba era foi fun teño ten teñen podo pode quero quere facer fai
        vou vai imos grazas ola adeus bos boa bo días tardes noites favor hoxe onte mañá nunca sempre aquí
        alí nada algo tamén sen porque desde ata xa só casa tempo amigo gústame sei creo ao á polo pola
        nun nunha despois aínda xente lingua dixo home muller irmán""",
    "ca": """el la els les un una uns unes de del dels d l i és no que en per amb al als a es s se em et ens us
        li ho hi jo tu ell ella nosaltres vosaltres ells aquest aquesta això aquell qui què on quan com
        quant quin però o si més molt molta bé tot tots ser estar tenir ha he has han sóc soc ets som són
        està estic estan era eren va vaig vas van tinc té tens puc pot vull vol fer fa gràcies hola adéu
        bon bona dia nit tarda sisplau plau avui ahir demà mai sempre aquí allà res alguna cosa també
        sense perquè des fins ja només sols casa temps amic agrada sé crec meu meva teu seu seva nova home
        dona germà llibre aigua""",
    "oc": """lo la los las un una de del dels d l e es non pas que en per amb al se me te nos vos li o ieu tu
        el ela nosautres aqueste aquesta aquò qual ont quand coma mas si mai fòrça plan tot totes èsser
        estar aver a ai as an i soi ès sèm son èra foguèt tròp pòdi pòt vòli vòl far fa mercé mercés adieu
        bonjorn uèi ièr deman jamai totjorn aicí aquí res tanben sens perqué dempuèi fins ja sonque ostal
        temps amic m agrada sabi crei meu mieu sieu""",
    "it": """il lo la i gli le un uno una di del della dei delle e è non che in nel nella per con su da dal al
        alla si mi ti ci vi lui lei noi voi loro io tu questo questa quello quella chi cosa dove quando
        come quanto quale ma o se sì più molto molta bene tutto tutti essere avere ho hai ha abbiamo avete
        hanno sono sei siamo siete era ero sta sto stai posso può puoi voglio vuole vuoi fare fa vado va
        andiamo grazie ciao arrivederci buongiorno buonasera buonanotte buon giorno sera notte favore
        prego scusi oggi ieri domani mai sempre qui qua lì niente qualcosa anche senza perché già solo
        casa tempo amico piace so credo suo sua mio mia tuo tua l d c dell nell all po fatto stato detto""",
    "ro": """și si în la de cu pe un o al a ai ale este e nu că ce care pentru din se îi îl le mă te ne vă eu
        tu el ea noi voi ei ele acest această asta acesta cine unde când cum cât dar sau dacă mai foarte
        mult bine tot toți fi sunt ești suntem era am are avem aveți au pot poate vreau vrea face merg
        merge mulțumesc mersi bună salut ziua dimineața seara noaptea revedere rog da azi ieri mâine
        niciodată mereu aici acolo nimic ceva fără deja doar casă timp prieten place știu cred meu mea tău
        ta său sa lui lor să va vei nici după""",
    "la": """et in est non ad cum ut ex de quod qui quae si sed sunt esse erat a ab per ego tu is ea nos vos
        hic haec hoc ille illa quid quis ubi quando cur quomodo aut vel nec neque enim autem nam atque ac
        me te se mihi tibi sibi eum eam eius meus mea tuus omnia omnes nihil semper numquam hodie heri
        cras salve vale gratias habeo habet possum potest volo vult sum es sumus estis""",
    "fi": """ja on ei se hän en et ole olen olet olemme ovat oli minä sinä me te he mitä mikä missä kuka
        milloin miksi miten että kun jos tai mutta niin kuin myös vain nyt tämä tuo hyvin hyvä paljon
        kiitos hei moi terve huomenta päivää iltaa yötä näkemiin kyllä joo ehkä tänään eilen huomenna aina
        koskaan täällä siellä kaikki jotain mitään voi voin voit täytyy haluan haluaa tiedän minun sinun
        hänen minulla sinulla hänellä anteeksi olisi ollut pidän onko eikö ne jo sitä""",
    "et": """ja on ei see ta ma sa me te nad olen oled oleme olete oli mina sina tema mida mis kus kes millal
        miks kuidas et kui või aga nii ka ainult nüüd seda selle väga hea palju aitäh tänan tere hommikust
        päevast õhtust head ööd nägemist jah võib olla täna eile homme alati kunagi siin seal kõik midagi
        võin tahan tahab tean mul sul tal minu sinu pean peab oma pole kas siis veel juba mind sind""",
    "hu": """a az és nem van is hogy egy ez azt de meg volt csak mi te én ő mit hol ki mikor miért hogyan ha
        vagy már még nagyon jó sok köszönöm köszi kérem szia helló reggelt napot estét éjszakát
        viszontlátásra igen ma tegnap holnap mindig soha itt ott minden valami semmi lehet tudom akarok
        akar kell vagyok vagyunk vannak volna lesz nekem neki engem őt el fel be le bocsánat szeretem éhes
        szeretlek""",
    "lt": """ir yra ne kad tai aš tu jis ji mes jūs jie su į iš ant už apie kas kur kada kodėl kaip bet ar arba
        jei tik dar jau labai gerai daug ačiū prašau labas sveiki rytas diena vakaras naktis viso taip
        šiandien vakar rytoj visada niekada čia ten viskas kažkas nieko gali galiu noriu nori žinau mano
        tavo jo jos buvo bus esu esi man tau""",
    "lv": """un ir nav ne ka tas es tu viņš viņa mēs jūs viņi ar uz no par kas kur kad kāpēc kā bet vai ja
        tikai vēl jau ļoti labi daudz paldies lūdzu sveiki čau labrīt labdien labvakar nakti jā nē šodien
        vakar rīt vienmēr nekad šeit tur viss kaut neko var varu gribu grib zinu mans tavs bija būs esmu
        esi man tev viņam viņai šo to savu""",
    "sq": """dhe në është nuk që të e i një me për nga unë ti ai ajo ne ju ata kjo ky çfarë kush ku kur pse si
        por ose nëse më shumë mirë faleminderit përshëndetje tungjatjeta mirëmëngjesi mirupafshim po jo
        sot dje nesër gjithmonë kurrë këtu atje gjithçka diçka asgjë mund dua do di im ime yt jam je jemi
        janë ishte kam ka kanë kishte lutem s se""",
    "eu": """eta da ez du bat zer nor non noiz zergatik nola ni zu hura gu zuek haiek hau hori dut duzu dute
        naiz zara gara dira zen zuen baina edo ere oso ondo asko eskerrik kaixo agur egun on gabon
        arratsalde bai gaur atzo bihar beti inoiz hemen hor dena zerbait ezer ahal nahi behar dakit nire
        zure bere dago nago dagoela""",
    "ga": """agus an na is ní tá níl bhí sé sí mé tú muid sibh siad go ag ar le do i de ó faoi cad cé cá
        cathain conas ach nó má mhaith maith raibh agat dia duit slán sea inniu inné amárach anseo ansin
        rud uile liom leat mo a bhfuil nach atá""",
    "gd": """agus an na is chan tha eil bha e i mi thu sinn sibh iad gu aig air le do ann de bho dè cò càite
        cuin ciamar ach no ma glè mhath math tapadh leat madainn slàn diugh a màireach seo sin rud uile
        leam mo bheil nach robh""",
    "cy": """a ac y yr yn mae nid ddim fi ti ef hi ni chi nhw i o ar gyda am beth pwy ble pryd pam sut ond neu
        os iawn da diolch bore noswaith nos hwyl ie na heddiw ddoe yfory yma yno popeth rhywbeth dim gallu
        eisiau fy dy ei oedd dw wyt r roedd eich ein""",
    "mt": """u il li ta ma hu hi jien int aħna huma dan din x min fejn meta għaliex kif imma jew jekk ħafna
        tajjeb grazzi bongu iva le illum għada dejjem hawn hemm għandi kien minn fuq""",
    "br": """ha ar an ur ul eo n ket me te eñ hi ni c hwi int e da gant evit war petra piv pelec h pegoulz
        perak penaos met pe ma mat trugarez demat kenavo ya nann hiziv dec warc hoazh amañ aze va zo oa
        emañ""",
    "pl": """i w nie na się z do to jest że jak o co po za ale od czy tak ja ty on ona my wy oni jego jej mnie
        mi ciebie ci go mu ten ta te kto gdzie kiedy dlaczego ile lub jeśli tylko już jeszcze bardzo
        dobrze dobry dzień dziękuję proszę cześć dobranoc wieczór widzenia dziś dzisiaj wczoraj jutro
        zawsze nigdy tutaj tu tam wszystko coś nic mogę może chcę chce wiem mój moja twój jestem jesteś
        jesteśmy są był była było będzie mam ma masz mieć muszę przepraszam dla przez przed bez pod który
        która""",
    "cs": """a v na se je že to si s z do o co jak po za ale od tak já ty on ona my vy oni jeho její mě mně mi
        tě ti ho mu ten ta kdo kde kdy proč kolik nebo jestli jen už ještě velmi moc dobře dobrý den
        děkuji děkuju díky prosím ahoj noc večer ráno nashledanou shledanou ano ne dnes včera zítra vždy
        nikdy tady tam všechno všichni něco nic můžu mohu může můžeš chci chce chceš vím můj moje tvůj
        jsem jsi jsme jste jsou byl byla bylo bude budu mám má máš musím musíš promiňte pro při před přes
        bez který která není nejsem nemám když aby líbí také hodně více nikdo kvůli dělá dělat říct řekl
        mít být jít čas člověk""",
    "sk": """a v na sa je že to si s z do o čo ako po za ale od tak ja ty on ona my vy oni jeho jej ma mňa mi
        ťa ti ho mu ten tá tie kto kde kedy prečo koľko alebo či len už ešte veľmi dobre dobrý deň ďakujem
        vďaka prosím ahoj noc večer ráno dovidenia áno nie dnes včera zajtra vždy nikdy tu tam všetko
        všetci niečo nič môžem môže môžeš chcem chce chceš viem môj moje tvoj som sme ste sú bol bola bolo
        bude budem mám má máš musím musíš prepáčte pre pri pred cez bez ktorý ktorá nemám keď aby páči
        tiež veľa viac nikto kvôli robí robiť povedať povedal mať byť ísť čas človek tento táto toto tom""",
    "sl": """in v na se je da ne to si s z do o kaj kako po za pa od tako jaz ti on ona mi vi oni njegov njen
        me mene te ga mu jo ta kdo kje kdaj zakaj koliko ali če samo že še zelo dobro dober dan hvala
        prosim živjo zdravo noč večer jutro nasvidenje ja danes včeraj jutri vedno nikoli tukaj tam vse
        vsi nekaj nič lahko hočem hoče želim vem moj moja tvoj sem smo ste so bil bila bilo bo bom boš
        imam ima imaš moram moraš oprostite pri pred brez ki ni nisem nimam nima ko ker kot tudi rad rada
        všeč nihče veliko več zdaj tvoja njegova iz kateri katera midva""",
    "hr": """i u na se je da ne to si s sa iz do o što kako po za a od tako ja ti on ona mi vi oni njegov
        njezin me mene te ga mu ju ta taj tko gdje kada zašto koliko ili ako samo već još vrlo jako dobro
        dobar dan hvala molim bok zdravo noć večer jutro doviđenja danas jučer sutra uvijek nikad nikada
        ovdje tamo sve svi nešto ništa mogu može možeš hoću hoće želim znam moj moja tvoj sam smo ste su
        bio bila bilo bit će ću ćeš imam ima imaš moram moraš oprostite pri pred bez koji koja nije nisam
        nemam nema kad jer kao također volim nitko netko mnogo više sada prije vrijeme lijepo lijep dijete
        djeca mjesto htio htjela vidjeti vidio razumijem poslije tjedan vlak kruh kava tisuća sretan
        sretna glazba dvije cijeli cijelo bijela rijeka čovjek svijet riječ riječi lijek dio tijekom""",
    "sr": """i u na se je da ne to si s sa iz do o šta kako po za a od tako ja ti on ona mi vi oni njegov njen
        me mene te ga mu ju ta taj ko gde kada zašto koliko ili ako samo već još vrlo jako dobro dobar dan
        hvala molim ćao zdravo noć veče jutro doviđenja danas juče sutra uvek nikad nikada ovde tamo sve
        svi nešto ništa mogu može možeš hoću hoće želim znam moj moja tvoj sam smo ste su bio bila bilo
        biće će ću ćeš imam ima imaš moram moraš izvinite pri pred bez koji koja nije nisam nemam nema kad
        jer kao takođe volim niko neko mnogo više sada pre vreme lepo lep dete deca mesto hteo htela
        videti video razumem posle nedelja voz hleb kafa hiljada srećan srećna muzika dve celi celo bela
        reka čovek svet reč reči lek deo tokom li и у на се је да не то си с са из до о шта како по за а
        од тако ја ти он она ми ви они његов њен ме мене те га му та тај ко где када зашто колико или ако
        само већ још врло јако добро добар дан хвала молим здраво ноћ јутро данас јуче сутра увек никад
        овде тамо све сви нешто ништа могу може можеш хоћу хоће желим знам мој моја твој сам смо сте су
        био била било ће ћу ћеш имам има имаш морам мораш без који која није нисам немам нема кад јер као
        волим нико неко много више сада пре време лепо дете деца место ли""",
    "bs": """i u na se je da ne to si sa iz do o šta kako po za od ja ti on ona mi vi oni njegov njen ko gdje
        kada zašto koliko ili ako samo već još vrlo dobro hvala molim danas jučer sutra uvijek nikad ovdje
        tamo sve svi nešto ništa mogu može hoću želim znam moj moja tvoj sam smo ste su bio bila će ću
        imam ima moram koji koja nije nisam nemam jer kao također volim niko neko prije vrijeme lijepo
        dijete mjesto htio vidjeti razumijem poslije sedmica hljeb kafa kahva hiljada sretan muzika""",
    "ru": """и в не на я что он с это как а то все она так его но ты к у же вы за бы по только её ее мне было
        вот от меня ещё еще нет о из ему теперь когда даже ну ли если уже или ни быть был него до вас
        опять вам ведь там потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была
        сам чтоб без будто чего раз тоже себе под будет тогда кто этот эта эти того потому этого какой
        совсем ним здесь этом один почти мой моя тем чтобы нее были куда зачем всех никогда можно при про
        них какая много разве три эту хорошо спасибо пожалуйста привет здравствуйте доброе утро добрый
        день вечер спокойной ночи свидания да сегодня вчера завтра всегда сейчас хочу хочет знаю знает
        могу люблю очень почему сколько нужно тебе нас том мои твой твоя свой свою дома""",
    "uk": """і й в у не на я що він з це як а то все вона так його але ти до та ви за б би по тільки її мені
        було ось від мене ще немає нема про із йому тепер коли навіть ну чи якщо вже або ні бути був нього
        вас вам там потім себе нічого їй може вони тут де є треба для ми тебе їх ніж була сам без чого раз
        теж також собі під буде тоді хто цей ця ці того тому цього який яка зовсім ним один майже мій моя
        тим щоб неї були куди навіщо всіх ніколи можна при них багато добре дякую будь ласка привіт вітаю
        добрий ранок день вечір добраніч побачення сьогодні вчора завтра завжди зараз хочу хоче знаю знає
        можу кохаю люблю дуже чому скільки потрібно тобі нас йти їсти том мої твій твоя свій свою вдома
        хлопець дівчина""",
    "be": """і ў не на я што ён з гэта як а то ўсё яна так яго але ты да та вы за б бы па толькі яе мне было
        вось ад мяне яшчэ няма пра яму цяпер калі нават ці ўжо або быць быў вас вам там потым сябе нічога
        можа яны тут дзе ёсць трэба для мы цябе іх чым была сам без таксама пад будзе тады хто гэты які
        мой мая каб ніколі можна шмат добра дзякуй ласка прывітанне добры дзень раніца сёння ўчора заўтра
        заўсёды зараз хачу хоча ведаю ведае магу кахаю вельмі чаму колькі табе нас""",
    "bg": """и в не на аз че той с това как а то всички тя така го но ти към у вие за би по само я ми беше ето
        от мен още няма му сега кога когато дори ли ако вече или бъде бил него до вас ви там после себе
        нищо може те тук къде има трябва ние нас тебе ги отколкото била сам без също под ще тогава кой коя
        този тази тези какво каква защо колко почти моя моят твоя никога много добре благодаря моля
        здравей здравейте добро утро добър ден вечер лека нощ довиждане да днес вчера утре винаги искам
        иска знам знае мога обичам се си съм сте сме са бях бяха със във ме един една едно след преди
        който която които дали къща време човек""",
    "mk": """и во не на јас дека тој со ова како а тоа сите таа така го но ти кон у вие за би по само ја ми
        беше еве од мене уште нема му сега кога дури ли ако веќе или биде бил него до вас ви таму потоа
        себе ништо може тие тука каде има треба ние нас тебе ги отколку била сам без исто под ќе тогаш кој
        која овој оваа овие што каква зошто колку речиси мојот мојата твојот никогаш многу добро
        благодарам ве молам здраво утро добар ден добра ноќ довидување да денес вчера утре секогаш сакам
        сака знам знае можам љубам се си сум сте сме бев беа ме те еден една едно пред кои дали имам имаш
        им куќа време човек""",
    "tr": """ve bir bu da de ne için ile o ben sen biz siz onlar mi mı mu mü değil var yok çok daha en gibi
        kadar ama veya eğer ki şu kim nerede nereye zaman neden niye nasıl kaç hangi her şey hiç iyi güzel
        teşekkür teşekkürler ederim lütfen merhaba selam günaydın akşamlar geceler hoşça kal evet hayır
        bugün dün yarın hep asla burada orada şimdi istiyorum istiyor biliyorum biliyor benim senin onun
        bana sana ona beni seni onu olarak oldu olan olacak etti yapmak dedi bunu sonra önce tom un""",
    "az": """və bir bu da də nə üçün ilə o mən sən biz siz onlar deyil var yox çox daha ən kimi qədər amma ya
        əgər ki kim harada hara zaman niyə necə neçə hansı hər şey heç yaxşı gözəl təşəkkür sağ ol edirəm
        zəhmət olmasa salam sabahınız xeyir gecəniz bəli xeyr gün dünən sabah həmişə vaxt burada orada
        indi istəyirəm bilirəm mənim sənin onun mənə sənə ona məni səni onu olan oldu dedi mi mı""",
    "id": """yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena bisa ada oleh kami
        kita anda kamu dia mereka aku adalah sudah telah atau apa siapa mana kapan mengapa kenapa
        bagaimana berapa tapi tetapi jika kalau sangat sekali baik banyak terima kasih makasih tolong halo
        selamat pagi siang sore malam tinggal jalan ya bukan hari kemarin besok selalu pernah sini sana
        semua sesuatu ingin mau tahu harus punya bahwa uang mobil kantor sepeda teman bicara coba seperti
        jangan nggak gak sedang lebih orang rumah sakit kalian beberapa pergi bahasa istri bilang kerja
        senang aja sih dong belum cuma pria ponsel sepatu melihat musim butuh perlu membuat""",
    "ms": """yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke kerana boleh ada oleh
        kami kita anda awak kamu dia mereka aku ialah adalah sudah telah atau apa siapa mana bila mengapa
        kenapa bagaimana berapa tapi tetapi jika kalau sangat sekali baik banyak terima kasih tolong helo
        selamat pagi tengah hari petang malam tinggal jalan ya bukan semalam esok selalu pernah sini sana
        semua sesuatu hendak mahu tahu mesti perlu mempunyai bahawa wang kereta pejabat basikal kawan
        cakap bercakap cuba seperti jangan tak nak sedang lebih orang hospital daripada kepada beberapa
        pergi bahasa isteri kau kerja gembira sahaja belum lelaki telefon kasut melihat budak jumpa tengok
        berjaya""",
    "jv": """lan ing iki iku karo kanggo ora saka bakal uga aku menyang amarga bisa ana kita kowe dheweke wis
        utawa apa sapa endi kapan piye pira nanging yen banget apik akeh matur nuwun sugeng enjing dalu
        iya dudu wingi sesuk kabeh arep ngerti kudu duwe sing""",
    "tl": """ang ng sa na at ay mga ko mo niya siya ako ikaw ka kami tayo kayo sila hindi ito iyan iyon ano
        sino saan nasaan kailan bakit paano ilan pero o kung lang din rin pa po opo oo ba si ni kay may
        mayroon meron wala gusto alam maganda mabuti marami salamat pakiusap kumusta magandang umaga hapon
        gabi paalam ngayon kahapon bukas palagi dito doon lahat para dahil akin iyo kanya naman talaga
        huwag""",
    "sw": """na ya wa kwa ni la za katika si mimi wewe yeye sisi nyinyi wao hii hiyo hili nini nani wapi lini
        vipi ngapi lakini au kama tu pia sana nzuri vizuri mingi asante tafadhali habari jambo hujambo
        asubuhi usiku mwema kwaheri ndiyo hapana leo jana kesho daima hapa pale kila kitu sijui najua
        nataka nina una ana yangu yako yake alikuwa kuwa""",
    "vi": """là và của có không tôi bạn anh em chị ông bà nó chúng ta họ này đó gì ai đâu nào sao thế nhưng
        hoặc nếu thì rất tốt nhiều cảm ơn xin chào tạm biệt buổi sáng tối ngủ ngon vâng dạ hôm nay qua mai
        luôn ở đây mọi thứ muốn biết phải được đã sẽ đang với cho một hai người các những khi như cũng chỉ
        làm đi""",
    "eo": """la kaj de en estas ne mi vi li ŝi ĝi ni ili ke al kun por per sur kio kiu kie kiam kial kiel kiom
        sed aŭ se tre bone multe dankon bonvolu saluton bonan matenon nokton adiaŭ jes hodiaŭ hieraŭ
        morgaŭ ĉiam neniam ĉi tie ĉio io nenio povas volas scias devas havas mia via lia estis estos tiu
        ĉu pri el""",
    "so": """waa iyo in ku ka ma aan waxaan waxay uu ay isaga adiga aniga maxaa yaa xaggee goorma sida laakiin
        ama haddii aad wanaagsan badan mahadsanid salaan subax haa maya maanta shalay berri halkan""",
    "ku": """û di ku de li ji bi ne ez tu ew em hûn ev çi kî kengî çima çawa lê an heke pir baş gelek spas
        silav rojbaş erê na îro duh sibê her vir dixwazim dizanim min te wî wê heye e ye in bû nîne""",
    "uz": """va bu u men sen biz siz ular emas bor yoʻq juda yaxshi koʻp rahmat iltimos salom xayr ha bugun
        kecha ertaga doim yerda nima kim qayerda qachon nega qanday lekin yoki agar ham uchun bilan mening
        sening uning edi kerak""",
    "tk": """we bu ol men sen biz siz olar däl bar ýok örän gowy köp sag bol salam hawa şu gün düýn ertir
        hemişe näme kim nirede haçan üçin nähili emma ýa eger hem bilen meniň seniň onuň boldy gerek""",
    "kk": """және бұл ол мен сен біз сіз олар емес бар жоқ өте жақсы көп рахмет сәлем иә бүгін кеше ертең не
        кім қайда қашан неге қалай бірақ немесе егер да де үшін менің сенің оның болды керек""",
    "ky": """жана бул ал мен сен биз сиз алар эмес бар жок абдан жакшы көп рахмат салам ооба бүгүн кечээ эртең
        эмне ким кайда качан эмнеге кандай бирок же эгер да үчүн менин сенин анын болду керек""",
    "tt": """һәм бу ул мин син без сез алар түгел бар юк бик яхшы күп рәхмәт сәлам әйе бүген кичә иртәгә нәрсә
        кем кайда кайчан ник ничек ләкин яки әгәр да дә өчен минем синең аның булды кирәк белән""",
    "ba": """һәм был ул мин һин беҙ һеҙ улар түгел бар юҡ бик яҡшы күп рәхмәт сәләм эйе бөгөн кисә иртәгә нимә
        кем ҡайҙа ҡасан ниңә нисек ләкин йәки әгәр ҙа өсөн минең һинең уның булды кәрәк менән""",
    "mn": """ба энэ тэр би чи бид та тэд биш бий байна үгүй маш сайн их баярлалаа уу тийм өнөөдөр өчигдөр
        маргааш юу хэн хаана хэзээ яагаад яаж гэхдээ эсвэл хэрэв ч миний чиний түүний байсан хэрэгтэй""",
    "tg": """ва ин он ман ту мо шумо онҳо нест ҳаст аст не бисёр хуб раҳмат салом бале имрӯз дирӯз фардо чӣ кӣ
        куҷо кай чаро тавр аммо ё агар ҳам барои бо аз дар ба ки маро туро ӯро буд""",
    "ar": """في من على إلى هذا هذه ذلك أنا أنت هو هي نحن هم ما لا لم لن هل كان كانت ليس أن إن التي الذي مع عن
        كل كيف أين متى لماذا كم أو لكن إذا قد جدا جيد كثير شكرا مرحبا السلام عليكم صباح الخير مساء تصبح
        وداعا نعم اليوم أمس غدا دائما هنا هناك شيء أريد أعرف عندي لديه يا بعد قبل عند""",
    "fa": """و در به از که این است را با آن من تو او ما شما آنها برای نیست هست بود می نمی خواهد شد کرد چه کجا
        کی چرا چگونه چند چطور اما یا اگر هم خیلی خوب زیاد ممنون متشکرم مرسی لطفا سلام صبح بخیر شب خداحافظ
        بله نه امروز دیروز فردا همیشه هرگز اینجا آنجا همه چیز چیزی دارم دارد دارید می‌خواهم می‌دانم دانم
        خواهم کنم کند کنید هستم هستی هستند یک تا باید""",
    "ur": """کا کی کے ہے ہیں میں نے کو سے اور نہیں یہ وہ ہو تھا تھی تھے پر کر ہم تم آپ مجھے تجھے اسے کیا کون
        کہاں کب کیوں کیسے کتنا لیکن یا اگر بھی بہت اچھا زیادہ شکریہ مہربانی سلام صبح شب خدا حافظ ہاں آج کل
        ہمیشہ کبھی یہاں وہاں سب کچھ چاہتا جانتا میرا تیرا ہوں گا گی گے رہا رہی ایک تو""",
    "ps": """په د او چې دا له کې نه زه ته هغه موږ تاسو سره څه څوک چېرته کله ولې څنګه خو یا که هم ډېر ښه مننه
        سلام هو نن پرون سبا تل دلته هلته ټول دی ده دي وو شته""",
    "ug": """ۋە بۇ ئۇ مەن سەن بىز سىز ئۇلار ئەمەس بار يوق ناھايىتى ياخشى كۆپ رەھمەت سالام ھەئە بۈگۈن تۈنۈگۈن
        ئەتە نېمە كىم نەدە قاچان نېمىشقا قانداق لېكىن ياكى ئەگەر ئۈچۈن بىلەن مېنىڭ سېنىڭ ئۇنىڭ ئىدى كېرەك""",
    "hi": """है हैं था थी थे में की का के को से ने और नहीं यह वह मैं हम तुम आप क्या कौन कहाँ कहां कब क्यों कैसे
        कितना लेकिन या अगर भी बहुत अच्छा ज़्यादा धन्यवाद शुक्रिया नमस्ते सुप्रभात हाँ आज कल हमेशा कभी यहाँ
        वहाँ सब कुछ चाहता जानता मेरा तेरा मेरी हूँ हूं हो गा गी रहा रही पर एक तो ही कर दो मुझे उसे इस उस
        ये वे""",
    "mr": """आहे आहेत होता होती होते मध्ये ची चा चे ला ने आणि नाही हा ही हे तो ती ते मी आम्ही तू तुम्ही काय कोण
        कुठे कधी का कसा कशी कसे किती पण किंवा जर सुद्धा खूप चांगला जास्त धन्यवाद नमस्कार सुप्रभात हो आज
        काल उद्या नेहमी इथे तिथे सर्व काही मला तुला त्याला माझा माझी तुझा त्याचा आहेस आहात नको करा एक
        टॉमने टॉमला होतं""",
    "ne": """छ छन् छु हो हुन् थियो थिए मा को का की लाई ले बाट र छैन होइन यो त्यो म हामी तिमी तपाईं के कहाँ
        कहिले किन कसरी कति तर वा यदि पनि धेरै राम्रो धन्यवाद नमस्ते आज हिजो भोलि सधैं यहाँ त्यहाँ सबै केही
        मलाई तिमीलाई मेरो तेरो उनको भयो गर्छ गर्न""",
}
