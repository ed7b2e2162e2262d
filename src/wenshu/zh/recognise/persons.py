"""Persons: a surname and a given name, told from other words by what stands before and behind."""

import re

from wenshu.zh.recognise.found import Found
from wenshu.zh.surnames import SURNAMES

_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|长孙|宇文|独孤|南宫"
_HAN = r"[\u4e00-\u9fff]"
_SURNAME = f"(?:{_COMPOUND}|[{SURNAMES}])"
_BEFORE = (
    "我是|我叫|叫做|名叫|姓名|申请人|报销人|请假人|出差人|经办人|联系人|接待人|被访人|访客|来访人|加班人|报修人|代理人|交接人|预订人|组织者|同事|员工|新人|新员工|"
    "由|找|给|替|帮|跟|和|与|同|请|让|叫|是|为|及|、|,|:|;|。|!|\\?|\n|\\s|\\(|我|人|的|经理|总监|主任|部|组|科|室|处|客户|部门|司机|老师|师傅|工程师|负责人|会计|出纳|主管|专员|小伙子|姑娘|一下|登记|安排|预约|拜访|见|约|等|位|交|归|要|到|^"
)
_AFTER = (
    "[,，。;；:：、!！?？()\\s\n]|$|和|跟|与|及|的|要|想|请|申|报|出|去|来|到|从|在|于|今|明|后|昨|前|上|下|周|这|因|家|本|提|需|一|两|三|二|四|五|六|七|八|九|十|\\d|电|手|身|先|女|老|经|总|主|"
    "为|是|代|顶|替|接|负|帮|打|发|带|预|订|约|加|休|自|也|就|会|将|准|计|打|坐|乘|他|她|您|同|等|说|让|联|号|工|男|入|任|转|过|拿|用|参|组|召|住|病|感|发|刚|已|拟|于|岗|应|月|部|那|这|交|陪|盖|借|买|采|招|做|写|办|开|对|有|没|不|以|早|晚|中|凌|报"
)
_NOT = set(
    "的了是在我你他她它们不要有个这那去来到从给帮替请和跟与就都也还但把被让因为所以吧吗呢啊哦嗯么什怎哪谁几多少点分秒时日月年周天号块元钱万千百十零一二三四五六七八九两半"
    "用印章票费款账单报销假申表填写发收送交办部科室公司厂店楼层电话机手码箱件本份台张型牌药病院餐饭水车站票酒住宿机场路费订买卖借还"
    "今昨前后早晚午上下左右里外内间边先再又已经刚才正在会能可应该想打过着起出入进回开关做没无或及并等另其此每各"
    "合同审批流程系统问题情况下面麻烦谢急特别地方需"
)
_FULL = re.compile(rf"{_SURNAME}{_HAN}{{1,2}}")
_WORDS = frozenset(
    [
        "高铁",
        "安排",
        "项目",
        "金额",
        "成本",
        "时间",
        "方案",
        "任何",
        "常用",
        "温度",
        "严重",
        "程度",
        "房间",
        "单位",
        "管理",
        "车间",
        "东西",
        "白色",
        "黄色",
        "马上",
        "于是",
        "应该",
        "和平",
        "包括",
        "包含",
        "方便",
        "方式",
        "关于",
        "安全",
        "明天",
        "万元",
        "高级",
        "高速",
        "平时",
        "平台",
        "华东",
        "华南",
        "东门",
        "水电",
        "水管",
        "支持",
        "许可",
        "计划",
        "路由",
        "相关",
        "常规",
        "通知",
        "通过",
        "能源",
        "连接",
        "连线",
        "广告",
        "顾客",
        "顾问",
        "余额",
        "解决",
        "应聘",
        "终端",
        "明细",
        "安装",
        "利润",
        "房租",
        "关闭",
        "关系",
        "封面",
        "简历",
        "简单",
        "空调",
        "空间",
        "沙发",
        "成都",
        "广州",
        "武汉",
        "宁波",
        "金融",
        "经费",
        "路上",
        "麻烦",
        "强电",
        "丰田",
        "国庆",
        "方向",
        "谢谢",
        "盛夏",
        "雷达",
        "石材",
        "钢材",
        "钱包",
        "钱款",
        "施工",
        "白板",
        "黄金",
        "江边",
        "江苏",
        "江西",
        "华为",
        "方面",
        "宣传",
        "管道",
        "程序",
        "毛巾",
        "毛病",
        "熊猫",
        "席位",
        "项链",
        "温馨",
        "苏州",
        "徐州",
        "郑州",
        "常州",
        "温州",
        "郭总",
        "柏林",
        "章程",
        "云南",
        "云端",
        "鲁班",
        "任务",
        "任职",
        "柳州",
        "费用",
        "史上",
        "滕州",
        "安徽",
        "乐观",
        "于今",
        "时候",
        "和谐",
        "伍佰",
        "顾虑",
        "平均",
        "黄山",
        "汪洋",
        "祁门",
        "贝壳",
        "计算",
        "成品",
        "宋体",
        "茅台",
        "纪要",
        "纪念",
        "舒服",
        "屈指",
        "祝贺",
        "董事",
        "梁上",
        "杜绝",
        "阮囊",
        "蓝色",
        "席卷",
        "季度",
        "季节",
        "强调",
        "贾宝",
        "江南",
        "童装",
        "颜色",
        "梅雨",
        "盛大",
        "林业",
        "钟头",
        "邱县",
        "高温",
        "高中",
        "蔡甸",
        "田间",
        "胡同",
        "凌晨",
        "霍山",
        "支付",
        "昝岗",
        "卢森",
        "莫非",
        "经营",
        "房屋",
        "裘皮",
        "解释",
        "应急",
        "宗旨",
        "丁香",
        "邓州",
        "洪水",
        "包装",
        "诸多",
        "左右",
        "石油",
        "崔巍",
        "吉林",
        "龚滩",
        "程控",
        "嵇康",
        "邢台",
        "滑动",
        "裴多",
        "陆续",
        "荣誉",
        "翁城",
        "车票",
        "车牌",
        "车辆",
        "车费",
        "侯车",
        "全部",
        "全体",
        "全国",
        "班车",
        "班长",
        "宫殿",
        "宁静",
        "仇恨",
        "武器",
        "符合",
        "刘海",
        "景区",
        "景点",
        "龙头",
        "叶片",
        "幸福",
        "司机",
        "白天",
        "白酒",
        "怀疑",
        "从事",
        "索赔",
        "赖床",
        "卓越",
        "池塘",
        "乔迁",
        "闻名",
        "党员",
        "党委",
        "谭木",
        "姬松",
        "申请",
        "申报",
        "冉冉",
        "桑拿",
        "桂林",
        "牛奶",
        "寿命",
        "通讯",
        "通州",
        "边上",
        "燕窝",
        "尚未",
        "农业",
        "温水",
        "别的",
        "庄园",
        "晏子",
        "柴油",
        "阎良",
        "连云",
        "习惯",
        "艾滋",
        "鱼缸",
        "容易",
        "向导",
        "古代",
        "易拉",
        "廖廖",
        "终于",
        "步行",
        "都市",
        "满意",
        "文件",
        "文具",
        "寇准",
        "广东",
        "东莞",
        "沃尔",
        "利率",
        "蔚县",
        "越南",
        "师傅",
        "巩固",
        "晁错",
        "冷却",
        "辛苦",
        "那边",
        "简介",
        "饶平",
        "曾经",
        "关键",
        "查询",
        "游客",
        "丰富",
    ]
)
_TITLE = re.compile(
    rf"(?:(?:小|老|阿)(?P<short>[{SURNAMES}])|(?P<name>{_SURNAME})(?P<title>总监|经理|总(?!共|计|额|价|部|数|金|务|体|公司)|工(?!程|作|厂|资|具|时|号|商)|主任|老师|先生|女士|师傅|处长|科长|部长|姐|哥|主管|会计|博士|医生|律师|教授|局|董))(?!{_HAN}?名)"
)
_BEFORE_RE = re.compile(rf"(?:{_BEFORE})$")
_AFTER_RE = re.compile(_AFTER)


def persons(folded: str) -> list[Found]:
    """Every full name; a surname with a title alone (王总, 小陈) is ``vague``."""
    found: list[Found] = []
    at = 0
    while match := _FULL.search(folded, at):
        name = _trimmed(folded, match.start(), match.end())
        if name is None:
            at = match.start() + 1
            continue
        found.append(Found(match.start(), name, "person", folded[match.start() : name]))
        at = name
    taken = {position for one in found for position in range(one.start, one.end)}
    titled = [match for match in _TITLE.finditer(folded) if match.start() not in taken]
    found += [Found(match.start(), match.end(), "person", match.group(), doubt="vague") for match in titled]
    return sorted(found)


def _trimmed(folded: str, start: int, end: int) -> int | None:
    """Where the name ends; None where this is none."""
    if not _BEFORE_RE.search(folded, max(0, start - 4), start) and start:
        return None
    if _TITLE.match(folded, start):
        return None
    surname = 2 if re.match(_COMPOUND, folded[start:]) else 1
    for stop in range(end, start + surname, -1):
        given = folded[start + surname : stop]
        if folded[start:stop] in _WORDS or folded[start : start + 2] in _WORDS:
            continue
        if len(given) == 2 and given[0] in "一万百千" and given[1] not in _NOT:
            given = given[1]
        if any(character in _NOT for character in given):
            continue
        if _AFTER_RE.match(folded, stop):
            return stop
    return None
