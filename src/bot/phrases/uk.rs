//! PURE. The bot in Ukrainian.

use std::time::Duration;

use super::{
    Asked, Phrase, Scale, aside, brief, by_kind, expected, grouped, parts, spelled, tenths,
};
use crate::domain::{
    alert::{AlertRefusal, Change, DraftRefusal, NOTE_MAX, Status},
    audience::Kind,
    consent::ConsentRefusal,
    delivery::Settlement,
    operator::{MandateRefusal, Role},
    report::{Outlook, Reason, Trouble},
};

/// Days, hours, minutes, seconds.
const UNITS: [&str; 4] = ["діб", "год", "хв", "с"];

#[expect(clippy::too_many_lines, reason = "the list of the language's sentences")]
pub(super) fn say(phrase: &Phrase<'_>) -> String {
    match phrase {
        Phrase::Greeting => "Це «Набат»: попередження про небезпеку для вашого району. Оберіть, де ви живете, і бот напише, коли там буде небезпечно.".into(),
        Phrase::ChooseRegion => "Оберіть регіон:".into(),
        Phrase::ChooseWithin(name) => format!("{name}: увесь регіон чи його частина?"),
        Phrase::UnknownLink => "Такого регіону в посиланні ми не знаємо. Оберіть регіон тут:".into(),
        Phrase::ChannelHow => "Щоб попередження публікувалися тут, напишіть /start і назву місця, наприклад: /start Смоленська область.".into(),
        Phrase::SiblingFaster => "У цього бота вже багато підписників. Інший наш бот повідомить вас швидше: натисніть його ім’я, потім «Старт». Якщо нічого не робити, попередження надійдуть звідси.".into(),
        Phrase::Joined => "Бот повідомить, коли тут буде небезпечно і коли небезпека мине.\nВін не замінює сирен та екстрених служб: у біді телефонуйте 112.\nЗв’язок може зникнути: чуєте сирену чи вибухи — дійте, не чекайте на повідомлення.\nКоманди: /status — що зараз, /regions — ваші регіони, /stop — відписатися.".into(),
        Phrase::Subscribed(name) => format!("Ви підписані: {name}."),
        Phrase::SubscribedAlready(name) => format!("Ви вже підписані: {name}."),
        Phrase::PlacesFull(most) => format!("Можна підписатися щонайбільше на {most} регіонів. Приберіть зайвий: /regions."),
        Phrase::Places => "Ваші регіони. Натисніть, щоб прибрати:".into(),
        Phrase::NoPlaces => "Ви не підписані на жоден регіон. Оберіть:".into(),
        Phrase::Dropped(name) => format!("Прибрано: {name}. Попередження для цього місця більше не надходитимуть."),
        Phrase::OfferRegion(name) => format!("Підписатися: {name}?"),
        Phrase::ChooseLanguage => "Оберіть мову:".into(),
        Phrase::LanguageSet => "Тепер бот говорить з вами українською.".into(),
        Phrase::DrillsOn => "Ви берете участь у навчаннях: навчальні повідомлення надходитимуть без звуку, з позначкою «НАВЧАННЯ». Відмовитися: /drills.".into(),
        Phrase::DrillsOff => "Ви не берете участі в навчаннях. Справжні попередження надходять як раніше. Брати участь: /drills.".into(),
        Phrase::YourNumber(number) => {
            format!("Ваш номер у Telegram: {number}. Він потрібен адміністратору, щоб надати вам повноваження.")
        }
        Phrase::StopAsk => "Відписатися від усіх попереджень? Ви не дізнаєтеся про небезпеку від цього бота.".into(),
        Phrase::Stopped => "Вас відписано, повідомлень більше не буде. Повернутися: /start.".into(),
        Phrase::Stayed => "Ви лишилися: попередження надходитимуть.".into(),
        Phrase::HelpResident => "/start — обрати регіон\n/add НАЗВА — додати регіон\n/regions — ваші регіони\n/status — що зараз\n/language — мова\n/drills — навчання\n/stop — відписатися".into(),
        Phrase::HelpOfficial => "Підняти: /alert — кнопками, або одним рядком:\n/alert НЕБЕЗПЕКА РЕГІОН[, РЕГІОН] [РІВЕНЬ] [на 90хв] [примітка …]\n/update № [РІВЕНЬ] [на 90хв] [примітка …] — змінити\n/clear № [РЕГІОН, …] — оголосити завершення\n/withdraw № — відкликати помилкове\n/pause №, /resume № — призупинити розсилання, продовжити\n/halt № — припинити розсилання назовсім\n/confirm КОД [СЛОВО] — випустити\n/cancel КОД — скасувати\n/status — що діє\n/report № — як дійшло\n/drill … — навчання, як /alert\nПеред надсиланням ви завжди побачите текст і кількість отримувачів.".into(),
        Phrase::UnknownCommand => "Такої команди немає. Що можна: /help.".into(),
        Phrase::FreeText => "Бот розуміє команди, перелік: /help. У біді телефонуйте 112.".into(),
        Phrase::MorePlaces(more) => format!("І ще регіонів: {more}. Докладно: /status НАЗВА."),
        Phrase::UnknownRegion { typed, meant: "" } => format!("Регіон «{typed}» не знайдено. Нічого не зроблено. Перелік: /start."),
        Phrase::UnknownRegion { typed, meant } => format!("Регіон «{typed}» не знайдено. Нічого не зроблено. Можливо: {meant}?"),
        Phrase::SeveralRegions { typed, meant } => format!("«{typed}» — це кілька регіонів: {meant}. Нічого не зроблено, уточніть."),
        Phrase::UnknownHazard { typed, meant: "" } => format!("Небезпеку «{typed}» не знайдено. Нічого не піднято. Перелік: /alert без слів."),
        Phrase::UnknownHazard { typed, meant } => format!("Небезпеку «{typed}» не знайдено. Нічого не піднято. Можливо: {meant}?"),
        Phrase::SeveralHazards { typed, meant } => format!("«{typed}» — це кілька небезпек: {meant}. Нічого не піднято, уточніть."),
        Phrase::UnknownLevel { typed, levels } => format!("«{typed}» — не рівень і не регіон. Нічого не зроблено. Рівні: {levels}."),
        Phrase::NotATime(typed) => format!("Строк «{typed}» не зрозумілий. Нічого не зроблено. Пишіть: на 90хв, на 2год, на 1год30хв."),
        Phrase::NotANumber(typed) => format!("«{typed}» — не номер попередження. Номери: /status."),
        Phrase::NotACode(typed) => format!("«{typed}» — не код. Код із 5 знаків стоїть у попередньому перегляді."),
        Phrase::NoHazard => "Не названо небезпеку. Нічого не піднято. Кнопками: /alert без слів.".into(),
        Phrase::NoArea => "Не названо регіон. Нічого не піднято. Тривога без місця не надсилається.".into(),
        Phrase::TooManyRegions(most) => format!("Понад {most} регіонів в одній команді не можна. Назвіть регіон, до якого вони входять."),
        Phrase::NothingToChange => "Не сказано, що змінити: рівень, строк (на 90хв) чи примітку.".into(),
        Phrase::Mandate { refusal, name, who } => mandate(refusal, name, who),
        Phrase::Draft(refusal) => draft(refusal),
        Phrase::Alert { refusal, name } => alert(refusal, name),
        Phrase::Consent(refusal) => consent(refusal),
        Phrase::IssuerMayNot(name) => format!("{name} більше не має на це повноважень. Нічого не випущено."),
        Phrase::NoApprover => "Тут потрібне схвалення другої людини, а схвалити це місце й небезпеку зараз нікому. Нічого не піднято.".into(),
        Phrase::TextTooLong { chars, most } => format!("Текст вийшов довшим, ніж приймає Telegram: {chars} з {most} знаків. Нічого не піднято. Скоротіть примітку."),
        Phrase::TooManyOpen(most) => format!("У вас уже {most} непідтверджених запитів. Скасуйте зайві: /cancel КОД."),
        Phrase::Late(minutes) => format!("Ваша команда запізнилася: її надіслано {minutes} хв тому. Нічого не піднято. Якщо вона ще потрібна, надішліть її знову."),
        Phrase::SecondHand => "Переслані та виправлені повідомлення — не команди. Надішліть команду заново.".into(),
        Phrase::PrivateOnly => "Команди посадових осіб приймаються лише в особистому листуванні з ботом.".into(),
        Phrase::ButtonOld => "Ця кнопка більше не діє.".into(),
        Phrase::NoSuchCode => "Такого коду немає. Нічого не випущено.".into(),
        Phrase::WasCalledOff => "Цей запит було скасовано. Нічого не випущено.".into(),
        Phrase::AlreadyRaised { number, at, by } => format!("Уже піднято: № {number}, {at}, {by}. Повторно нічого не надіслано."),
        Phrase::AlreadyOver { number, at, by } => format!("Попередження № {number} уже завершено: {at}, {by}. Нічого не надіслано."),
        Phrase::AlreadyDone { number, at, by } => format!("Уже виконано: № {number}, {at}, {by}. Повторно нічого не надіслано."),
        Phrase::SeveralOpen(codes) => format!("Підтвердження чекають кілька ваших запитів, і неясно, який ви випускаєте. Нічого не випущено. Напишіть /confirm КОД СЛОВО. Коди: {codes}."),
        Phrase::NotYourChallenge => "Скасувати може той, хто просить, або той, хто має право схвалити.".into(),
        Phrase::Busy => "Поки ми вирішували, обстановка змінилася. Нічого не зроблено, повторіть.".into(),
        Phrase::Storage => "Не виконано: сховище даних не відповідає. Нічого не зроблено наполовину. Бот повторює спробу; повідомте адміністратора.".into(),
        Phrase::TextRefused(number) => format!(
            "№ {number}: Telegram відхиляє текст повідомлення, тому розсилання зупинено. Кого воно не застало, тих не застане. Попередьте людей в інший спосіб і повідомте адміністратора."
        ),
        Phrase::BotRevoked(name) => format!("Бот «{name}» замовк: Telegram не приймає його токен. Його підписники повідомлень не отримують, інші боти працюють. Оповістіть людей іншим способом і повідомте адміністратора."),
        Phrase::BotUnpaid(name) => format!("У бота «{name}» закінчилися зірки Telegram. Розсилання триває з безкоштовною швидкістю."),
        Phrase::BotMute(name) => format!("Бот «{name}» не зміг доставити перевірне повідомлення: можливо, попередження через нього не дійдуть. Повідомте адміністратора й будьте готові оповістити людей іншим способом."),
        Phrase::BotSpeaks(name) => format!("Бот «{name}» знову доставляє перевірні повідомлення."),
        Phrase::Canary { name, at } => format!("«{name}» працює, {at} UTC."),
        Phrase::ChannelLost { chat, places } => format!(
            "Канал втрачено: бот більше не може публікувати в каналі {}{}. Читачі каналу попереджень там не отримають; особистих чатів це не стосується. Поверніть боту права адміністратора на публікацію, і попередження надходитимуть знову.",
            chat.0,
            aside(places)
        ),
        Phrase::Unsaved => "База даних не зберігає: можливо, на диску немає місця. Розсилання зупинено, щоб нічого не втратити й не повторити. Оповістіть людей іншим способом і повідомте адміністратора. Коли запис запрацює, розсилання продовжиться саме.".into(),
        Phrase::Unaccounted(number) => format!(
            "№ {number}: підрахунок чатів не сходиться; можливо, когось не сповіщено. Повідомте адміністратора."
        ),
        Phrase::ChooseHazard(status) => format!("{}Яка небезпека?", exercise(*status)),
        Phrase::ChooseArea { status, hazard } => format!("{}{hazard}. Де?", exercise(*status)),
        Phrase::ChooseLevel { hazard, place } => format!("{hazard}. {place}. Який рівень?"),
        Phrase::ChooseTime { hazard, place } => format!("{hazard}. {place}. На який строк?"),
        Phrase::ChooseToEnd => "Яке попередження завершено?".into(),
        Phrase::ChooseToWithdraw => "Яке попередження відкликати як помилкове?".into(),
        Phrase::NoneActive => "Чинних попереджень немає. Обстановка в регіоні: /status РЕГІОН.".into(),
        Phrase::ActiveNow => "Діють:".into(),
        Phrase::ActiveLine { number, title, places, since, until } => match until {
            Some(until) => format!("№ {number}. {title}. {places}. З {since} до {until}."),
            None => format!("№ {number}. {title}. {places}. З {since}, до оголошення про завершення."),
        },
        Phrase::ExerciseMark => "НАВЧАННЯ".into(),
        Phrase::PreviewHead(asked) => format!("ПОПЕРЕДНІЙ ПЕРЕГЛЯД: {}. Нічого ще не надіслано.", what(**asked)),
        Phrase::PreviewText(place) => format!("Так прочитають мешканці ({place}):"),
        Phrase::PreviewOther => "Те саме іншими мовами:".into(),
        Phrase::PreviewReach(outlook) => preview_reach(outlook),
        Phrase::PreviewReaders => "Отримають усі, кому повідомили про це попередження.".into(),
        Phrase::PreviewNow => "Зараз там:".into(),
        Phrase::PreviewAfter => "Після цього там:".into(),
        Phrase::AskWord { words, code, until } => format!("Щоб випустити, напишіть: {words}\nКод {code}, діє до {until}."),
        Phrase::AskSecond { who, code, until } => format!("Випустить друга людина. Запит надіслано: {who}.\nКод {code}, діє до {until}."),
        Phrase::AskPress { code, until } => format!("Щоб випустити, натисніть кнопку.\nКод {code}, діє до {until}."),
        Phrase::ApproveThis { issuer, code, until } => format!("{issuer} просить схвалити. Прочитайте й вирішіть.\nКод {code}, діє до {until}."),
        Phrase::Released { change, number, at, by, approved } => {
            let approved = approved.map(|name| format!(", схвалено: {name}")).unwrap_or_default();
            format!("{}: № {number}, {at}, {by}{approved}.", done(change))
        }
        Phrase::Cancelled(by) => format!("Скасовано: {by}. Нічого не надіслано."),
        Phrase::Rejected(by) => format!("Відхилено: {by}. Нічого не надіслано."),
        Phrase::TimeIsOver(number) => format!("№ {number}: оголошений час минув, отримувачам сказано, що завершення не підтверджено. Обстановка там вважається невідомою. Якщо небезпека минула, підтвердьте завершення. Якщо лишається, підніміть попередження знову."),
        Phrase::ProgressHead { number, done: false } => format!("№ {number}: розсилання триває"),
        Phrase::ProgressHead { number, done: true } => format!("№ {number}: розсилання завершено"),
        Phrase::ProgressAudience(Some(chats)) => format!("Отримувачів: {}", count(*chats)),
        Phrase::ProgressAudience(None) => "Отримувачів: рахуємо".into(),
        Phrase::Settled(settlement, chats) => format!("{}: {}", settled(*settlement), count(*chats)),
        Phrase::Remaining { chats, left } => {
            let chats = chats.map_or_else(|| "рахуємо".into(), count);
            let left = left.map(|left| format!(", ще близько {}", time(left))).unwrap_or_default();
            format!("Лишилося: {chats}{left}")
        }
        Phrase::Rate { now, limit } => format!("Швидкість: {now} за секунду, межа {limit}"),
        Phrase::Took(took) => format!("Тривало: {}", time(*took)),
        Phrase::Trouble { trouble, until } => match trouble {
            Trouble::Throttled(_) => format!("Telegram просить зачекати до {until}."),
            Trouble::Outage => "Telegram не відповідає. Бот продовжує спроби.".into(),
            Trouble::Malformed => "Telegram не приймає текст. Розсилання зупинено: повідомте адміністратора й попередьте людей інакше.".into(),
            Trouble::Revoked => "Telegram не приймає токен бота. Розсилання стоїть: повідомте адміністратора й попередьте людей інакше.".into(),
            Trouble::Held => "Розсилання призупинено. Продовжити: /resume.".into(),
            Trouble::Storage => "Сховище даних не відповідає. Розсилання чекає: повідомте адміністратора.".into(),
        },
        Phrase::ReportHead { number, title, places } => format!("Звіт № {number}: {title}. {places}."),
        Phrase::ReportPart { number, change, at, by } => {
            let by = by.map(|by| format!(", {by}")).unwrap_or_default();
            format!("№ {number}. {}: {at}{by}", done(change))
        }
        Phrase::ReportSum(sum) => format!("Сума: {}", count(*sum)),
        Phrase::ReportPending(chats) => format!("Ще не вирішено: {}", count(*chats)),
        Phrase::ReportTimes { first, half, most, last } => {
            let [first, half, most, last] = [first, half, most, last].map(|at| moment(*at));
            format!("До першого: {first}. До половини доставлених: {half}. До 99\u{a0}%: {most}. До останнього: {last}.")
        }
        Phrase::ReportNobody { under_way: false } => "Нікому не доставлено".into(),
        Phrase::ReportNobody { under_way: true } => "Поки нікому не доставлено".into(),
        Phrase::ReportMean(tenth) => format!("Середня швидкість: {} за секунду", tenths(*tenth, ',')),
        Phrase::ReportReasons(reasons) => format!("Чому не дійшло: {reasons}"),
        Phrase::Reason(reason, chats) => format!("{} {}", why(*reason), count(*chats)),
        Phrase::ReasonUnsent(chats) => format!("не надсилали {}", count(*chats)),
        Phrase::ReportRepeated(chats) => format!("Можливих повторів: {}", count(*chats)),
        Phrase::ReportUnneeded { stale, known, halted } => format!("Чому не надіслано: {}", parts([("уже неправильно", *stale), ("уже знали", *known), ("зупинено відповідальним", *halted)], '\u{a0}')),
        Phrase::ReportSpent(cost) => format!("Витрачено зірок Telegram: {}", tenths(*cost, ',')),
        Phrase::ReportBots(bots) => format!("Через ботів: {bots}"),
        Phrase::ReportSkipped { more, number } => format!("Ще змін: {more}. Про кожну: /report {number}."),
        Phrase::NoSuchAlert { number, meant: "" } => format!("Попередження № {number} немає: жодного ще не піднімали."),
        Phrase::NoSuchAlert { number, meant } => format!("Попередження № {number} немає. Можливо: {meant}?"),
        Phrase::ChooseToReport => "Про яке попередження звіт? Інше: /report №.".into(),
        Phrase::NoneToReport => "Попереджень, про які ви маєте право читати звіт, ще не було.".into(),
        Phrase::CurveReached { delivered, audience: Some(audience), share } => format!("Доставлено {} із {} ({}\u{a0}%)", count(*delivered), count(*audience), tenths(*share, ',')),
        Phrase::CurveReached { delivered, audience: None, .. } => format!("Доставлено {}, отримувачів ще рахуємо", count(*delivered)),
        Phrase::CurveEnds { first, last } => format!("Першому за {}, останньому за {}", moment(*first), moment(*last)),
        Phrase::CurveReleased { change, at, under_way } => {
            let under_way = if *under_way { ", розсилання триває" } else { "" };
            format!("{}: {at}{under_way}", done(change))
        }
        Phrase::CurveMarks(parts, at) => {
            let parts: Vec<String> = parts.iter().map(|part| format!("{part}\u{a0}%")).collect();
            format!("{}: {}", parts.join(" та "), moment(*at))
        }
        Phrase::CurveShare => "Доставлено, % отримувачів".into(),
        Phrase::CurveTime(scale) => format!("{} після випуску", match scale {
            Scale::Seconds => "секунди",
            Scale::Minutes => "хвилини",
            Scale::Hours => "години",
        }),
        Phrase::CurveMeasured => "доставлено, як виміряно".into(),
        Phrase::CurveForeseen(Some(last)) => format!("прогноз: останньому за {}", moment(*last)),
        Phrase::CurveForeseen(None) => "прогноз".into(),
        Phrase::CurveMarked => "половина та 99\u{a0}% тих, кому доставлено".into(),
        Phrase::Whole(name) => format!("Увесь регіон: {name}"),
        Phrase::Up => "↑ Назад".into(),
        Phrase::Next => "Далі →".into(),
        Phrase::Previous => "← Раніше".into(),
        Phrase::AddMore => "Додати регіон".into(),
        Phrase::LabelDrop(name) => format!("Прибрати: {name}"),
        Phrase::LabelLeave => "Так, відписатися".into(),
        Phrase::LabelStay => "Ні, лишитися".into(),
        Phrase::LabelCancel => "Скасувати".into(),
        Phrase::LabelApprove => "Схвалити й випустити".into(),
        Phrase::LabelReject => "Відхилити".into(),
        Phrase::LabelRelease(asked) => match asked {
            Asked::Raise(_) | Asked::Change(_) => "Випустити".into(),
            Asked::End => "Оголосити завершення".into(),
            Asked::Withdraw => "Відкликати".into(),
        },
        Phrase::LabelEnd(number) => format!("Завершення № {number}"),
        Phrase::LabelWithdraw(number) => format!("Відкликати № {number}"),
        Phrase::LabelReport(number) => format!("Звіт № {number}"),
        Phrase::Paused { number, by } => format!("Розсилання № {number} призупинено: {by}. Уже надіслане ще дійде."),
        Phrase::Resumed { number, by } => format!("Розсилання № {number} продовжено: {by}."),
        Phrase::Halted { number, by } => format!("Розсилання № {number} припинено: {by}. Ті, хто його отримав, отримають і завершення."),
        Phrase::HaltAsk(number) => format!("Припинити розсилання № {number} назовсім? Ті, до кого воно не дійшло, його не отримають. Скасувати це не можна. Попередження й далі діє: завершити його — /clear."),
        Phrase::PausedAlready(number) => format!("Розсилання № {number} вже призупинено. Продовжити: /resume."),
        Phrase::NotPaused(number) => format!("Розсилання № {number} не призупинено."),
        Phrase::HaltedAlready(number) => format!("Розсилання № {number} вже припинено."),
        Phrase::Spared => "Нічого не припинено.".into(),
        Phrase::NothingSending => "Зараз нічого не розсилається.".into(),
        Phrase::ChooseSending => "Яке розсилання?".into(),
        Phrase::NotSending { number, meant: "" } => format!("За № {number} нічого не розсилається: розсилання завершено. Нічого не зроблено."),
        Phrase::NotSending { number, meant } => format!("За № {number} нічого не розсилається: розсилання завершено. Нічого не зроблено. Зараз розсилається: {meant}."),
        Phrase::LabelPause => "Призупинити".into(),
        Phrase::LabelResume => "Продовжити".into(),
        Phrase::LabelHalt => "Припинити".into(),
        Phrase::LabelHaltNow => "Так, назовсім".into(),
        Phrase::LabelSpare => "Ні, залишити".into(),
        Phrase::Lasting(lasting) => time(*lasting),
        Phrase::UntilEnded => "До оголошення про завершення".into(),
        Phrase::Command(name) => command(name).into(),
    }
}

fn exercise(status: Status) -> &'static str {
    match status {
        Status::Actual => "",
        Status::Exercise => "НАВЧАННЯ. ",
    }
}

fn what(asked: Asked) -> &'static str {
    match asked {
        Asked::Raise(Status::Actual) => "СПРАВЖНЯ тривога",
        Asked::Raise(Status::Exercise) => "НАВЧАННЯ",
        Asked::Change(Status::Actual) => "зміна справжньої тривоги",
        Asked::Change(Status::Exercise) => "зміна навчання",
        Asked::End => "завершення",
        Asked::Withdraw => "відкликання помилкового повідомлення",
    }
}

fn done(change: &Change) -> &'static str {
    match change {
        Change::Raised => "Піднято",
        Change::Updated => "Змінено",
        Change::SteppedUp => "Рівень підвищено",
        Change::SteppedDown => "Рівень знижено",
        Change::EndedPartly(_) => "Завершення в частині оголошено",
        Change::Ended => "Завершення оголошено",
        Change::Expired => "Час минув",
        Change::Withdrawn => "Відкликано як помилкове",
    }
}

fn preview_reach(outlook: &Outlook) -> String {
    let forecast = &outlook.forecast;
    let mut text = format!("Отримувачів: {}.", count(forecast.chats()));
    for (kind, chats, people) in by_kind(&outlook.reach) {
        let (chats, people) = (
            count(chats),
            if people > 0 {
                format!(" (людей у них: {})", count(people))
            } else {
                String::new()
            },
        );
        let told = match kind {
            Kind::Channel => format!("Каналів: {chats}{people}."),
            Kind::Group => format!("Груп: {chats}{people}."),
            Kind::Private => format!("Особистих чатів: {chats}."),
        };
        text = format!("{text} {told}");
    }
    for (part, at) in expected(forecast, [("половини", 50), ("99\u{a0}%", 99), ("останнього", 100)])
    {
        text = format!("{text} До {part}: близько {}.", time(at));
    }
    match forecast.tenths() {
        0 => text,
        cost => format!("{text} Вартість, зірок Telegram: близько {}.", tenths(cost, ',')),
    }
}

fn settled(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Delivered => "Доставлено",
        Settlement::Uncertain => "Невідомо, чи дійшло",
        Settlement::Retired => "Не дійшло (бота заблоковано або чату немає)",
        Settlement::Suspended => "Не дійшло (немає права писати в чат)",
        Settlement::Failed => "Не дійшло (Telegram відмовив)",
        Settlement::Superseded => "Не надіслано, уже не потрібно",
        Settlement::Left => "Відписалися",
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "бота заблоковано",
        Reason::Deactivated => "акаунт видалено",
        Reason::NeverStarted => "бота не запущено",
        Reason::Removed => "бота видалено з чату",
        Reason::NotFound => "чат не знайдено",
        Reason::NoWriting => "немає права писати в групу",
        Reason::NoPosting => "немає права писати в канал",
        Reason::Merged => "чат враховано під новим номером",
        Reason::Refused => "Telegram відмовив",
    }
}

fn mandate(refusal: &MandateRefusal, name: &str, who: &str) -> String {
    let who = if who.is_empty() { String::new() } else { format!(" Можуть: {who}.") };
    match refusal {
        MandateRefusal::Stranger => {
            "Ця команда лише для посадових осіб. Нічого не зроблено.".into()
        }
        MandateRefusal::Role(Role::Issuer) => format!(
            "Ви не маєте права піднімати й завершувати попередження. Нічого не зроблено.{who}"
        ),
        MandateRefusal::Role(Role::Approver) => {
            format!("Ви не маєте права схвалювати попередження. Нічого не зроблено.{who}")
        }
        MandateRefusal::Role(Role::Auditor) => {
            format!("Ви не маєте права читати звіти. Нічого не зроблено.{who}")
        }
        MandateRefusal::Area(_) => {
            format!("{name}: це місце поза вашими повноваженнями. Нічого не зроблено.{who}")
        }
        MandateRefusal::Hazard(_) => {
            format!("{name}: ця небезпека поза вашими повноваженнями. Нічого не зроблено.{who}")
        }
    }
}

fn draft(refusal: &DraftRefusal) -> String {
    match refusal {
        DraftRefusal::Level(level) => {
            format!("У цієї небезпеки немає рівня «{level}». Нічого не піднято.")
        }
        DraftRefusal::NeedsEnd { longest } => format!(
            "Для цієї небезпеки потрібен строк, не більше {}. Нічого не піднято. Допишіть, наприклад: на 90хв.",
            time(*longest)
        ),
        DraftRefusal::TooLong { longest } => format!(
            "Строк завеликий: для цієї небезпеки не більше {}. Нічого не піднято.",
            time(*longest)
        ),
        DraftRefusal::TooShort => {
            "Строк замалий: потрібна хоча б хвилина. Нічого не піднято.".into()
        }
        DraftRefusal::Note { chars } => {
            format!("Примітка задовга: {chars} знаків, можна {NOTE_MAX}. Нічого не піднято.")
        }
    }
}

fn alert(refusal: &AlertRefusal, name: &str) -> String {
    match refusal {
        AlertRefusal::OnlyWhole(number) => format!("У попередження № {number} минув оголошений час: підтвердити завершення можна лише цілком, /clear {number}. Нічого не зроблено."),
        AlertRefusal::NotActive(number) => format!("Чинного попередження № {number} немає. Номери: /status."),
        AlertRefusal::Changed(number) => format!("Попередження № {number} відтоді змінили. Нічого не зроблено, повторіть команду."),
        AlertRefusal::Otherwise => "Небезпеку, місце й вид (навчання чи справжня тривога) піднятого не змінюють. Підніміть інше.".into(),
        AlertRefusal::NotThere(_) => format!("{name}: там це попередження не діє. Нічого не зроблено."),
        AlertRefusal::Same => "Це нічого не змінить. Нічого не надіслано.".into(),
    }
}

fn consent(refusal: &ConsentRefusal) -> String {
    match refusal {
        ConsentRefusal::Expired => "Час на підтвердження минув. Нічого не випущено, повторіть команду.".into(),
        ConsentRefusal::WrongWord => "Слово не те. Нічого не випущено. Напишіть слово з попереднього перегляду або скасуйте запит.".into(),
        ConsentRefusal::NeedsWord(words) => format!("Натискання замало: напишіть слово {}. Нічого не випущено.", words.join(" / ")),
        ConsentRefusal::NeedsSecondPerson => "Випустити має інша людина. Нічого не випущено.".into(),
        ConsentRefusal::NotIssuer => "Випустити може лише той, хто це готував. Нічого не випущено.".into(),
        ConsentRefusal::Mandate => "Повноважень на це більше немає. Нічого не випущено.".into(),
    }
}

fn command(name: &str) -> &'static str {
    match name {
        "start" => "обрати регіон",
        "status" => "що зараз",
        "regions" => "ваші регіони",
        "add" => "додати регіон за назвою",
        "language" => "мова",
        "drills" => "брати участь у навчаннях чи ні",
        "stop" => "відписатися від усього",
        "alert" => "підняти тривогу",
        "clear" => "оголосити завершення",
        "update" => "змінити рівень, строк чи примітку",
        "pause" => "призупинити розсилання",
        "resume" => "продовжити розсилання",
        "halt" => "припинити розсилання назовсім",
        "withdraw" => "відкликати помилкове",
        "report" => "як дійшло попередження",
        "confirm" => "випустити за кодом",
        "cancel" => "скасувати за кодом",
        "drill" => "підняти навчання",
        _ => "що можна",
    }
}

fn time(time: Duration) -> String {
    spelled(time, UNITS)
}

fn moment(time: Duration) -> String {
    brief(time, UNITS, ',')
}

fn count(count: u64) -> String {
    grouped(count, '\u{a0}')
}
