"""Domain tables, and nothing else: which top-level domains exist, how far each is believed, who shortens links.

Nothing is downloaded at run time, so the list is a choice: every country code, and of the generic domains those
that are old, or common in Korea or in abuse reports. A host behind `http://` or `www.` needs no table. Whether a
bare `word.word` is an address depends on its last label: `.com` says so by itself, `.me` may be the start of an English
sentence, `.py` is first of all a file's name.
"""

from __future__ import annotations

from typing import Final

_PLAIN: Final = """
    com net org kr example info biz xyz vip icu io gg tv edu gov mil int mobi asia top site online store shop
    shopping link click club pro bet casino poker bid loan loans website app dev blog wiki cloud email ooo sbs cfd
    cyou lol mba wang bio ink guru ninja realestate limo ltd llc inc gmbh bingo lotto porn sexy xxx webcam moe seoul
    busan tokyo osaka taipei samsung hyundai kia google youtube
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
    academy accountant adult agency amazon apartments apple army art audio bar beauty beer best black blue bond
    boutique business buzz cafe camp capital care cash cat center charity chat cheap church city clinic clothing
    coach codes coffee college community company consulting cool courses credit cricket date dating deals delivery
    dental diet digital directory doctor dog domains download education energy engineer estate events exchange
    expert exposed fail faith family fan fans farm fashion film finance financial fish fit fitness flights food
    football forum foundation free fun fund fyi gallery game games garden gift gifts global gold golf graphics green
    gripe group guide hair health healthcare help here hockey holdings holiday holidays homes horse hospital host
    hosting hot hotel house how immo institute international jewelry jobs kim kitchen land law lawyer lease legal
    life lighting limited live living love makeup management market marketing markets media men microsoft mom money
    monster movie music name navy network new news now one organic page partners parts party pay pet pharmacy phone
    photography photos pics pink pizza place plumbing plus post press promo properties property protection pub quest
    racing radio recipes red rent rentals repair report rest restaurant review reviews rich rip rocks rodeo run safe
    sale save school science search secure security select services sex shiksha shoes show singles ski skin soccer
    social software solar solutions spa space storage stream streaming studio style sucks supply support surf
    systems talk tax taxi team tech tennis theater tickets tips today tools tours town toys trade trading training
    travel trust university uno vacations ventures vet video villas vote voyage watch weather wedding win wine work
    works world you zone
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
