"""A framework to start from: the national standard for early childhood development centers, in three standards.

Source: มาตรฐานสถานพัฒนาเด็กปฐมวัยแห่งชาติ (Cabinet resolution of 2 January B.E. 2562): management; caring for children
and arranging their learning and play; the quality of the children, below three years (ก) and from three to six (ข). The
scale is that of self-assessment reports. Whoever publishes it for a round owns its wording and may change it there.
"""

from typing import Final

from services.submissions.summary.framework import Framework, Indicator, Level, Standard

_LEVELS: Final = (
    Level(code="1", name="กำลังพัฒนา", name_en="Developing"),
    Level(code="2", name="ปานกลาง", name_en="Fair"),
    Level(code="3", name="ดี", name_en="Good"),
    Level(code="4", name="ดีเลิศ", name_en="Very good"),
    Level(code="5", name="ยอดเยี่ยม", name_en="Excellent"),
)
_MANAGEMENT: Final = (
    ("1.1", "การบริหารจัดการอย่างเป็นระบบ", "Systematic management"),
    ("1.2", "การบริหารจัดการบุคลากรทุกประเภทตามหน่วยงานที่สังกัด", "Management of all staff as their organization requires"),
    ("1.3", "การบริหารจัดการสภาพแวดล้อมเพื่อความปลอดภัย", "A safe environment"),
    ("1.4", "การจัดการเพื่อส่งเสริมสุขภาพและการเรียนรู้", "Management that promotes health and learning"),
    ("1.5", "การส่งเสริมการมีส่วนร่วมของครอบครัวและชุมชน", "Participation of families and the community"),
)
_CARING: Final = (
    ("2.1", "การดูแลและพัฒนาเด็กอย่างรอบด้าน", "All-round care and development of the children"),
    ("2.2", "การส่งเสริมพัฒนาการด้านร่างกายและดูแลสุขภาพ", "Physical development and health care"),
    ("2.3", "การส่งเสริมพัฒนาการด้านสติปัญญา ภาษาและการสื่อสาร", "Intellectual development, language and communication"),
    (
        "2.4",
        "การส่งเสริมพัฒนาการด้านอารมณ์ จิตใจ-สังคม ปลูกฝังคุณธรรม และความเป็นพลเมืองดี",
        "Emotional and social development, morals and good citizenship",
    ),
    ("2.5", "การส่งเสริมเด็กในระยะเปลี่ยนผ่านให้ปรับตัวสู่การเชื่อมต่อในขั้นถัดไป", "Support of children who move on to the next stage"),
)
_CHILDREN: Final = (
    ("3.1ก", "เด็กแรกเกิดถึง ๒ ปี: มีการเจริญเติบโตสมวัย", "Below three years: growth as befits their age"),
    ("3.2ก", "เด็กแรกเกิดถึง ๒ ปี: มีพัฒนาการสมวัย", "Below three years: development as befits their age"),
    ("3.1ข", "เด็ก ๓ ถึง ๖ ปี: มีการเจริญเติบโตสมวัยและมีสุขนิสัยที่เหมาะสม", "Three to six years: growth and healthy habits"),
    ("3.2ข", "เด็ก ๓ ถึง ๖ ปี: มีพัฒนาการสมวัย", "Three to six years: development as befits their age"),
    ("3.3ข", "เด็ก ๓ ถึง ๖ ปี: มีพัฒนาการด้านการเคลื่อนไหว", "Three to six years: movement"),
    ("3.4ข", "เด็ก ๓ ถึง ๖ ปี: มีพัฒนาการด้านอารมณ์ จิตใจ", "Three to six years: emotional development"),
    ("3.5ข", "เด็ก ๓ ถึง ๖ ปี: มีพัฒนาการด้านสติปัญญา เรียนรู้และสร้างสรรค์", "Three to six years: intellect, learning, creativity"),
    ("3.6ข", "เด็ก ๓ ถึง ๖ ปี: มีพัฒนาการด้านภาษาและการสื่อสาร", "Three to six years: language and communication"),
    (
        "3.7ข",
        "เด็ก ๓ ถึง ๖ ปี: มีพัฒนาการด้านสังคม คุณธรรม มีวินัย และความเป็นพลเมืองดี",
        "Three to six years: social development, morals, discipline and citizenship",
    ),
)


def _indicators(rows: tuple[tuple[str, str, str], ...]) -> tuple[Indicator, ...]:
    return tuple(Indicator(code=code, name=name, name_en=name_en) for code, name, name_en in rows)


EARLY_CHILDHOOD: Final = Framework(
    id="early-childhood",
    name="มาตรฐานสถานพัฒนาเด็กปฐมวัยแห่งชาติ",
    name_en="National standard for early childhood development centers",
    levels=_LEVELS,
    standards=(
        Standard(
            code="1",
            name="การบริหารจัดการสถานพัฒนาเด็กปฐมวัย",
            name_en="Management of the center",
            indicators=_indicators(_MANAGEMENT),
        ),
        Standard(
            code="2",
            name="ครู/ผู้ดูแลเด็กให้การดูแลและจัดประสบการณ์การเรียนรู้และการเล่นเพื่อพัฒนาเด็กปฐมวัย",
            name_en="Caring for children and arranging their learning and play",
            indicators=_indicators(_CARING),
        ),
        Standard(
            code="3",
            name="คุณภาพของเด็กปฐมวัย",
            name_en="Quality of the children",
            indicators=_indicators(_CHILDREN),
        ),
    ),
)
