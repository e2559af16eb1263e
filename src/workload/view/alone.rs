//! Whether a person's words say what they are about, or go on with what was
//! said before: "Yes, please do it the way that you proposed."

use std::{collections::HashSet, sync::LazyLock};

use super::super::features::says_little;

/// Words by which people agree, doubt, thank, point and go on, whatever the
/// talk is about.
const EVERYWHERE: &str = "
    a an the this that these those it its itself they them their he she his her i me my mine you your we us our
    one ones other others another both each every all any some none more most less rest same such own thing things
    stuff something anything everything nothing someone way ways part parts bit lot point points item items option
    options idea ideas plan approach version number first second third fourth fifth last next previous two three four
    five six above below before after again back also too as well just only even still already yet now then later
    today here there where when why how what which who whose much many if so but and or nor not no nope none yes yeah
    yep yup ok okay k sure right correct exactly true wrong fine good better best great nice cool perfect awesome
    amazing excellent fantastic wonderful brilliant lovely super bad worse alright agreed thanks thank thx ty welcome
    please pls kindly sorry hi hello hey oh ah hmm hm wow well very really quite rather pretty maybe perhaps probably
    definitely actually basically simply instead otherwise though although because since until while once of off on in
    into out over under up down to from for with without by at about than like between through around along per is am
    are was were be been being do does did done doing have has had having will would shall should can could may might
    must let lets go goes going gone went come comes coming came get gets getting got give gives given gave take takes
    taking took make makes making made keep keeps keeping kept put see sees look looks looking looked show shows tell
    tells told say says said saying think thinks thinking thought know knows known guess suppose believe mean means
    meant want wants wanted need needs needed try tries trying tried use uses using used work works working worked
    help helps helped helping start starts started stop stopped finish finished continue continues continuing continued
    proceed proceeding carry ahead forward on wait hold ask asked answer answered question questions suggest suggested
    suggestion suggestions suggesting propose proposed recommend recommended mention mentioned mentioning describe
    described discuss discussed discussing expect expected understand understood agree prefer happen happens happened
    seem seems sound sounds feel ready happy possible different similar else little big new old long short quick
    quickly whole complete completely entire enough appreciate appreciated remaining following step steps job time
    times moment s t d m ll re ve don doesn didn isn aren wasn weren won wouldn couldn shouldn can cannot haven hasn
    el la los las lo un una unos y o pero no si sí que qué de del al a en con por para es está eso esto esta este ese
    otra otro vez más muy bien bueno buena gracias favor vale sigue seguir continúa continuar hazlo haz ahora luego
    primero primera segundo segunda siguiente todo todos me te se le nos mi tu su yo tú
    le les des du au aux ce cet cette ces ça cela et ou mais non oui d accord que qui quoi je tu il elle nous vous on
    est sont c est fait faire fais continue continuez continuer encore suite suivant suivante premier première deuxième
    tout tous toute merci beaucoup bien bon bonne parfait s il te plaît pas plus très dans pour avec sur une peux
    pouvez veux vas vais allez aller comme ainsi aussi maintenant
    der die das den dem ein eine einen und oder aber nein ja nicht ist sind war ich du er sie es wir ihr mir mich dir
    bitte danke vielen dank gut sehr super mach machen mache machst weiter so wie was auch noch nochmal mal jetzt dann
    zweite zweiten erste ersten nächste nächsten alles alle andere anderen mit von zu zum für auf in an im doch schon
    genau richtig kannst können will möchte okay einfach
    да нет не и или но а я ты вы он она оно мы они это этот эта эти то тот так как что в на с по для все всё еще ещё
    уже теперь потом дальше продолжай продолжи продолжайте давай давайте пожалуйста спасибо большое хорошо отлично
    сделай сделайте делай первый второй вторую первую следующий следующее другое другой тоже просто можешь можно
    o os as um uma e ou mas não sim isso isto esse este do da dos das em com por para obrigado obrigada continue
    continuar agora depois tudo bem muito bom ótimo faça fazer segundo segunda próximo
    네 예 응 아니 아니요 좋아 좋아요 좋습니다 계속 계속해 계속해줘 계속해주세요 진행 진행해 진행해줘 진행해주세요 해줘 해주세요 주세요 줘
    부탁해 부탁해요 부탁합니다 다음 나머지 나머지도 그거 그것 그럼 그대로 이거 이제 다시 한번 감사합니다 고마워요 정말 모두 전부 단계 두 번째 첫
";

/// Characters of such words, where words are not parted.
const CHARACTERS: &str = "的了吗呢吧啊嗯哦好是不对行可以能会要想请就这那个些样按照根据你我他她它们您说做完成弄搞给把让再来继续接着下一二三四五\
     六七八九十第步条点项次剩余其他全部都也还又和与及或但而所有没在上面刚才之前后现开始试看谢多很非常太真感帮助忙明白知道了解怎么什哪\
     如果先然改按照同意没问题错棒完美就此往前進繼續這個們請說給讓還沒後開謝幫樣麼對會過来去续次方式様願致進行同番目全続";

/// Whether it can be understood without what was said before: without such
/// words, too, it says more than a little.
pub(super) fn stands_alone(text: &str) -> bool {
    static WORDS: LazyLock<HashSet<&str>> =
        LazyLock::new(|| EVERYWHERE.split_whitespace().collect());
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    let own = words.filter(|word| !WORDS.contains(word)).flat_map(str::chars);
    let own: String = own.filter(|c| !is_everywhere(*c)).collect();
    !says_little(&own)
}

fn is_everywhere(c: char) -> bool {
    // Hiragana are the endings of Japanese words.
    matches!(c, '\u{3041}'..='\u{309f}') || (!c.is_ascii() && CHARACTERS.contains(c))
}
