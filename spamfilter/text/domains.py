"""Domain tables, and nothing else: which top-level domains exist, how far each is believed, who shortens links.

Nothing is downloaded at run time, so the list is a choice: every country code, and of the generic domains those
that are old, or common in Korea or in abuse reports. A host behind `http://` or `www.` needs no table. Whether a
bare `word.word` is an address depends on its last label: `.com` says so by itself, `.me` may be the start of an English
sentence, `.py` is first of all a file's name.
"""

from __future__ import annotations

from typing import Final

_PLAIN: Final = """
    com net org kr example info biz xyz vip icu io gg tv edu gov mil int mobi asia name jobs
    top site online store shop shopping link click club pro bet casino poker win bid loan loans fun website
    space host press tech digital agency center company finance financial money credit cash capital fund
    exchange trade trading market markets app dev blog wiki cloud email chat social network solutions services support
    systems software hosting domains page bio ink lol mba wang ooo sbs cfd cyou bond monster quest rest buzz
    guru ninja expert club clinic dental doctor hospital pharmacy health healthcare care fitness diet
    apartments properties property estate realestate house homes villas rentals holiday holidays travel tours
    flights hotel voyage restaurant cafe coffee pizza beer boutique fashion clothing jewelry shoes
    beauty hair makeup skin spa taxi limo limited ltd llc inc gmbh global international group holdings ventures
    partners consulting management marketing media photography photos gallery studio graphics
    academy college university education school institute training courses church charity foundation community
    racing golf soccer football hockey tennis bingo lotto gripe sucks porn sex sexy adult xxx webcam dating singles
    download stream streaming video movie film music audio radio games game directory review reviews
    science date faith accountant cricket men party kim moe seoul busan tokyo osaka taipei
    samsung hyundai kia google youtube apple amazon microsoft
"""
PLAIN_TLDS: Final = frozenset(_PLAIN.split())
"""Believed after any label of Latin letters and digits."""

HANGUL_TLDS: Final = ("한국", "닷컴", "닷넷", "삼성", "쇼핑")
"""Top-level domains written in Hangul."""

HANGUL_LABEL_TLDS: Final = frozenset(
    {"com", "net", "kr", "org", "biz", "info", "xyz", "vip", "shop", "site", "top", "club"}
)
"""Under these a bare label of Hangul is believed: `도메인주소.com`. Elsewhere it is a sentence without its space."""

_FILES: Final = "py sh pl rs md ps zip mov cab do pub java bz st as ai"
FILE_TLDS: Final = frozenset(_FILES.split())
"""Also endings of file names: believed only with a scheme, `www.` or a path behind."""

_COUNTRIES: Final = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd
    cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge
    gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki
    km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my
    mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se
    sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz
    va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_ENGLISH: Final = """
    one now love today live life world work works best cool how here team news art red blue pink black green gold
    business city land zone run sale show style tips tools town toys vote wine garden kitchen family fan fans gift gifts
    plus pet vet dog camp cheap codes coach deals delivery energy engineer events exposed fail farm fish fit
    food forum free fyi guide help horse hot immo law lawyer legal lease lighting living mom navy new organic parts pay
    phone pics place plumbing post promo protection pub recipes rent repair report rich rip rocks rodeo safe
    save search secure security select shiksha singles ski social solar storage supply surf talk tax theater tickets
    trust uno vacations watch weather wedding you army bar cat
"""
WEAK_TLDS: Final = frozenset((_COUNTRIES + _ENGLISH).split()) - PLAIN_TLDS - FILE_TLDS
"""Believed with a digit or hyphen in the label before, a scheme, `www.` or a path: `me2.us`, `t.me/x`; not `ok.me`."""

PLATFORM_NAMES: Final = frozenset({"asp.net", "vb.net", "ado.net", "ml.net", "socket.io", "paint.net"})
"""Names of products that have the shape of a domain and are written without meaning one."""

_SHORTENERS: Final = """
    bit.ly bitly.com bitly.kr j.mp tinyurl.com tiny.cc goo.gl goo.gs goo.su t.co ow.ly buff.ly is.gd v.gd t.ly rb.gy
    rebrand.ly cutt.ly cutt.us shorturl.at shorturl.gg shorturl.asia s.id u.to gg.gg dub.sh short.gy short.io tr.im
    adf.ly bl.ink x.gd qr.ae qrco.de lnkd.in fb.me youtu.be amzn.to kko.to kko.kakao.com naver.me me2.do me2.kr han.gl
    url.kr c11.kr vo.la buly.kr zrr.kr lrl.kr asq.kr durl.me durl.kr muz.so abr.ge app.link onelink.me page.link urlr.me
    ur.ly dokdo.in hoy.kr bre.is di.do 2u.lc lin.ee spoo.me da.gd clck.ru shrtco.de soo.gd ko.gl oe.cd
"""
SHORTENERS: Final = frozenset(_SHORTENERS.split())
"""Hosts whose links say nothing about where they lead."""
