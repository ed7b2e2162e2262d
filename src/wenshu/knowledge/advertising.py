"""Words that the advertising law of China forbids in claims (广告法 第九条): absolutes such as 国家级、最佳."""

import re


def absolutes(text: str) -> list[str]:
    """List the absolute terms in a text, in order, each once.

    Plain uses are no claim: 第一步, 第一季度, 最后, 最近, 最低限度 and the like.
    """
    return list(dict.fromkeys(match.group() for match in _ABSOLUTE.finditer(text)))


_ABSOLUTE = re.compile(
    r"国家级|世界级|宇宙级|全球级|最高级|顶级|顶尖|极致|极佳|绝佳|终极|冠军级|王牌|霸主|独一无二|绝无仅有|史无前例|前所未有|无与伦比|"
    r"空前绝后|万能|百分之百|100%(?:有效|满意|安全|纯)|永久|绝对|唯一|首选|首个|全网第一|全国第一|世界第一|销量第一|"
    r"(?:排名|全球|行业|业内|市场|国内|同类)?第一(?=品牌|名牌|[。！，、!,\s]|$)|NO\.?\s?1|No\.?\s?1|TOP\s?1(?!\d)|"
    r"最(?!后|近|终|初|少|多可|低(?:限度|气温|温|工资|消费|生活)|高(?:法院|人民|气温|温)|新(?=消息|数据|通知|版))"
    r"(?:佳|好|优|大|小|高|低|强|新|先进|便宜|快|全|火|热|受欢迎|高级|优秀|专业|权威|安全|舒适|流行|先|具|适合|划算|实惠|时尚|"
    r"聚拢|符合|奢侈|后一波)"
)
