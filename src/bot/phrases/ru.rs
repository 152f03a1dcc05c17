//! PURE. The bot in Russian.

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
const UNITS: [&str; 4] = ["сут", "ч", "мин", "с"];

#[expect(clippy::too_many_lines, reason = "the list of the language's sentences")]
pub(super) fn say(phrase: &Phrase<'_>) -> String {
    match phrase {
        Phrase::Greeting => "Это «Набат»: предупреждения об опасности для вашего района. Выберите, где вы живёте, и бот напишет, когда там будет опасно.".into(),
        Phrase::ChooseRegion => "Выберите регион:".into(),
        Phrase::ChooseWithin(name) => format!("{name}: весь регион или его часть?"),
        Phrase::UnknownLink => "Такого региона в ссылке мы не знаем. Выберите регион здесь:".into(),
        Phrase::ChannelHow => "Чтобы предупреждения публиковались здесь, напишите /start и название места, например: /start Смоленская область.".into(),
        Phrase::SiblingFaster => "У этого бота уже много подписчиков. Другой наш бот сообщит вам быстрее: нажмите его имя, затем «Старт». Если ничего не делать, предупреждения придут отсюда.".into(),
        Phrase::Joined => "Бот сообщит, когда здесь будет опасно и когда опасность закончится.\nОн не заменяет сирены и экстренные службы: в беде звоните 112.\nСвязь может пропасть: слышите сирену или взрывы — действуйте, не ждите сообщения.\nКоманды: /status — что сейчас, /regions — ваши регионы, /stop — отписаться.".into(),
        Phrase::Subscribed(name) => format!("Вы подписаны: {name}."),
        Phrase::SubscribedAlready(name) => format!("Вы уже подписаны: {name}."),
        Phrase::PlacesFull(most) => format!("Можно подписаться не более чем на {most} регионов. Уберите лишний: /regions."),
        Phrase::Places => "Ваши регионы. Нажмите, чтобы убрать:".into(),
        Phrase::NoPlaces => "Вы не подписаны ни на один регион. Выберите:".into(),
        Phrase::Dropped(name) => format!("Убрано: {name}. Предупреждения для этого места больше не придут."),
        Phrase::OfferRegion(name) => format!("Подписаться: {name}?"),
        Phrase::ChooseLanguage => "Выберите язык:".into(),
        Phrase::LanguageSet => "Теперь бот говорит с вами по-русски.".into(),
        Phrase::DrillsOn => "Вы участвуете в учениях: учебные сообщения будут приходить без звука, с пометкой «УЧЕНИЕ». Отказаться: /drills.".into(),
        Phrase::DrillsOff => "Вы не участвуете в учениях. Настоящие предупреждения приходят как прежде. Участвовать: /drills.".into(),
        Phrase::YourNumber(number) => {
            format!("Ваш номер в Telegram: {number}. Он нужен администратору, чтобы дать вам полномочия.")
        }
        Phrase::StopAsk => "Отписаться от всех предупреждений? Вы не узнаете об опасности от этого бота.".into(),
        Phrase::Stopped => "Вы отписаны, сообщений больше не будет. Вернуться: /start.".into(),
        Phrase::Stayed => "Вы остались: предупреждения будут приходить.".into(),
        Phrase::HelpResident => "/start — выбрать регион\n/add НАЗВАНИЕ — добавить регион\n/regions — ваши регионы\n/status — что сейчас\n/language — язык\n/drills — учения\n/stop — отписаться".into(),
        Phrase::HelpOfficial => "Поднять: /alert — по кнопкам, или одной строкой:\n/alert ОПАСНОСТЬ РЕГИОН[, РЕГИОН] [УРОВЕНЬ] [на 90м] [примечание …]\n/update № [УРОВЕНЬ] [на 90м] [примечание …] — изменить\n/clear № [РЕГИОН, …] — объявить окончание\n/withdraw № — отозвать ошибочное\n/pause №, /resume № — приостановить рассылку, продолжить\n/halt № — прекратить рассылку насовсем\n/confirm КОД [СЛОВО] — выпустить\n/cancel КОД — отменить\n/status — что действует\n/report № — как дошло\n/drill … — учение, как /alert\nПеред отправкой вы всегда увидите текст и число получателей.".into(),
        Phrase::UnknownCommand => "Такой команды нет. Что можно: /help.".into(),
        Phrase::FreeText => "Бот понимает команды, список: /help. В беде звоните 112.".into(),
        Phrase::MorePlaces(more) => format!("И ещё регионов: {more}. Подробно: /status НАЗВАНИЕ."),
        Phrase::UnknownRegion { typed, meant: "" } => format!("Регион «{typed}» не найден. Ничего не сделано. Список: /start."),
        Phrase::UnknownRegion { typed, meant } => format!("Регион «{typed}» не найден. Ничего не сделано. Может быть: {meant}?"),
        Phrase::SeveralRegions { typed, meant } => format!("«{typed}» — это несколько регионов: {meant}. Ничего не сделано, уточните."),
        Phrase::UnknownHazard { typed, meant: "" } => format!("Опасность «{typed}» не найдена. Ничего не поднято. Список: /alert без слов."),
        Phrase::UnknownHazard { typed, meant } => format!("Опасность «{typed}» не найдена. Ничего не поднято. Может быть: {meant}?"),
        Phrase::SeveralHazards { typed, meant } => format!("«{typed}» — это несколько опасностей: {meant}. Ничего не поднято, уточните."),
        Phrase::UnknownLevel { typed, levels } => format!("«{typed}» — не уровень и не регион. Ничего не сделано. Уровни: {levels}."),
        Phrase::NotATime(typed) => format!("Срок «{typed}» не понят. Ничего не сделано. Пишите: на 90м, на 2ч, на 1ч30м."),
        Phrase::NotANumber(typed) => format!("«{typed}» — не номер предупреждения. Номера: /status."),
        Phrase::NotACode(typed) => format!("«{typed}» — не код. Код из 5 знаков стоит в предпросмотре."),
        Phrase::NoHazard => "Не названа опасность. Ничего не поднято. По кнопкам: /alert без слов.".into(),
        Phrase::NoArea => "Не назван регион. Ничего не поднято. Тревога без места не отправляется.".into(),
        Phrase::TooManyRegions(most) => format!("Больше {most} регионов в одной команде нельзя. Назовите регион, в который они входят."),
        Phrase::NothingToChange => "Не сказано, что изменить: уровень, срок (на 90м) или примечание.".into(),
        Phrase::Mandate { refusal, name, who } => mandate(refusal, name, who),
        Phrase::Draft(refusal) => draft(refusal),
        Phrase::Alert { refusal, name } => alert(refusal, name),
        Phrase::Consent(refusal) => consent(refusal),
        Phrase::IssuerMayNot(name) => format!("{name} больше не имеет на это полномочий. Ничего не выпущено."),
        Phrase::NoApprover => "Здесь нужно одобрение второго человека, а одобрить это место и опасность сейчас некому. Ничего не поднято.".into(),
        Phrase::TextTooLong { chars, most } => format!("Текст вышел длиннее, чем принимает Telegram: {chars} из {most} знаков. Ничего не поднято. Сократите примечание."),
        Phrase::TooManyOpen(most) => format!("У вас уже {most} неподтверждённых запросов. Отмените лишние: /cancel КОД."),
        Phrase::Late(minutes) => format!("Ваша команда опоздала: она отправлена {minutes} мин назад. Ничего не поднято. Если она ещё нужна, отправьте её снова."),
        Phrase::SecondHand => "Пересланные и исправленные сообщения — не команды. Отправьте команду заново.".into(),
        Phrase::PrivateOnly => "Команды должностных лиц принимаются только в личной переписке с ботом.".into(),
        Phrase::ButtonOld => "Эта кнопка больше не действует.".into(),
        Phrase::NoSuchCode => "Такого кода нет. Ничего не выпущено.".into(),
        Phrase::WasCalledOff => "Этот запрос был отменён. Ничего не выпущено.".into(),
        Phrase::AlreadyRaised { number, at, by } => format!("Уже поднято: № {number}, {at}, {by}. Повторно ничего не отправлено."),
        Phrase::AlreadyOver { number, at, by } => format!("Предупреждение № {number} уже завершено: {at}, {by}. Ничего не отправлено."),
        Phrase::AlreadyDone { number, at, by } => format!("Уже выполнено: № {number}, {at}, {by}. Повторно ничего не отправлено."),
        Phrase::SeveralOpen(codes) => format!("Подтверждения ждут несколько ваших запросов, и неясно, какой вы выпускаете. Ничего не выпущено. Напишите /confirm КОД СЛОВО. Коды: {codes}."),
        Phrase::NotYourChallenge => "Отменить может тот, кто просит, или тот, кто вправе одобрить.".into(),
        Phrase::Busy => "Пока мы решали, обстановка изменилась. Ничего не сделано, повторите.".into(),
        Phrase::Storage => "Не выполнено: хранилище данных не отвечает. Ничего не сделано наполовину. Бот повторяет попытку; сообщите администратору.".into(),
        Phrase::TextRefused(number) => format!(
            "№ {number}: Telegram отвергает текст сообщения, поэтому рассылка остановлена. Кого она не застала, тех не застанет. Предупредите людей другим способом и сообщите администратору."
        ),
        Phrase::BotRevoked(name) => format!("Бот «{name}» замолчал: Telegram не принимает его токен. Его подписчики сообщений не получают, остальные боты работают. Оповестите людей другим способом и сообщите администратору."),
        Phrase::BotUnpaid(name) => format!("У бота «{name}» кончились звёзды Telegram. Рассылка идёт дальше с бесплатной скоростью."),
        Phrase::BotMute(name) => format!("Бот «{name}» не смог доставить проверочное сообщение: возможно, предупреждения через него не дойдут. Сообщите администратору и будьте готовы оповестить людей другим способом."),
        Phrase::BotSpeaks(name) => format!("Бот «{name}» снова доставляет проверочные сообщения."),
        Phrase::Canary { name, at } => format!("«{name}» работает, {at} UTC."),
        Phrase::ChannelLost { chat, places } => format!(
            "Канал потерян: бот больше не может публиковать в канале {}{}. Читатели канала предупреждений там не получат; личных чатов это не касается. Верните боту права администратора на публикацию, и предупреждения пойдут снова.",
            chat.0,
            aside(places)
        ),
        Phrase::Unsaved => "База данных не сохраняет: возможно, кончилось место на диске. Рассылка остановлена, чтобы ничего не потерять и не повторить. Оповестите людей другим способом и сообщите администратору. Когда запись заработает, рассылка продолжится сама.".into(),
        Phrase::Unaccounted(number) => format!(
            "№ {number}: подсчёт чатов не сходится; возможно, кто-то не оповещён. Сообщите администратору."
        ),
        Phrase::ChooseHazard(status) => format!("{}Какая опасность?", exercise(*status)),
        Phrase::ChooseArea { status, hazard } => format!("{}{hazard}. Где?", exercise(*status)),
        Phrase::ChooseLevel { hazard, place } => format!("{hazard}. {place}. Какой уровень?"),
        Phrase::ChooseTime { hazard, place } => format!("{hazard}. {place}. На какой срок?"),
        Phrase::ChooseToEnd => "Какое предупреждение окончено?".into(),
        Phrase::ChooseToWithdraw => "Какое предупреждение отозвать как ошибочное?".into(),
        Phrase::NoneActive => "Действующих предупреждений нет. Обстановка в регионе: /status РЕГИОН.".into(),
        Phrase::ActiveNow => "Действуют:".into(),
        Phrase::ActiveLine { number, title, places, since, until } => match until {
            Some(until) => format!("№ {number}. {title}. {places}. С {since} до {until}."),
            None => format!("№ {number}. {title}. {places}. С {since}, до объявления об окончании."),
        },
        Phrase::ExerciseMark => "УЧЕНИЕ".into(),
        Phrase::PreviewHead(asked) => format!("ПРЕДПРОСМОТР: {}. Ничего ещё не отправлено.", what(**asked)),
        Phrase::PreviewText(place) => format!("Так прочтут жители ({place}):"),
        Phrase::PreviewOther => "То же на других языках:".into(),
        Phrase::PreviewReach(outlook) => preview_reach(outlook),
        Phrase::PreviewReaders => "Получат все, кому сообщили об этом предупреждении.".into(),
        Phrase::PreviewNow => "Сейчас там:".into(),
        Phrase::PreviewAfter => "После этого там:".into(),
        Phrase::AskWord { words, code, until } => format!("Чтобы выпустить, напишите: {words}\nКод {code}, действует до {until}."),
        Phrase::AskSecond { who, code, until } => format!("Выпустит второй человек. Запрос отправлен: {who}.\nКод {code}, действует до {until}."),
        Phrase::AskPress { code, until } => format!("Чтобы выпустить, нажмите кнопку.\nКод {code}, действует до {until}."),
        Phrase::ApproveThis { issuer, code, until } => format!("{issuer} просит одобрить. Прочтите и решите.\nКод {code}, действует до {until}."),
        Phrase::Released { change, number, at, by, approved } => {
            let approved = approved.map(|name| format!(", одобрено: {name}")).unwrap_or_default();
            format!("{}: № {number}, {at}, {by}{approved}.", done(change))
        }
        Phrase::Cancelled(by) => format!("Отменено: {by}. Ничего не отправлено."),
        Phrase::Rejected(by) => format!("Отклонено: {by}. Ничего не отправлено."),
        Phrase::TimeIsOver(number) => format!("№ {number}: объявленное время истекло, получателям сказано, что окончание не подтверждено. Обстановка там считается неизвестной. Если опасность миновала, подтвердите окончание. Если остаётся, поднимите предупреждение снова."),
        Phrase::ProgressHead { number, done: false } => format!("№ {number}: рассылка идёт"),
        Phrase::ProgressHead { number, done: true } => format!("№ {number}: рассылка окончена"),
        Phrase::ProgressAudience(Some(chats)) => format!("Получателей: {}", count(*chats)),
        Phrase::ProgressAudience(None) => "Получателей: считаем".into(),
        Phrase::Settled(settlement, chats) => format!("{}: {}", settled(*settlement), count(*chats)),
        Phrase::Remaining { chats, left } => {
            let chats = chats.map_or_else(|| "считаем".into(), count);
            let left = left.map(|left| format!(", ещё около {}", time(left))).unwrap_or_default();
            format!("Осталось: {chats}{left}")
        }
        Phrase::Rate { now, limit } => format!("Скорость: {now} в секунду, предел {limit}"),
        Phrase::Took(took) => format!("Заняло: {}", time(*took)),
        Phrase::Trouble { trouble, until } => match trouble {
            Trouble::Throttled(_) => format!("Telegram просит подождать до {until}."),
            Trouble::Outage => "Telegram не отвечает. Бот продолжает попытки.".into(),
            Trouble::Malformed => "Telegram не принимает текст. Рассылка остановлена: сообщите администратору и предупредите людей иначе.".into(),
            Trouble::Revoked => "Telegram не принимает токен бота. Рассылка стоит: сообщите администратору и предупредите людей иначе.".into(),
            Trouble::Held => "Рассылка приостановлена. Продолжить: /resume.".into(),
            Trouble::Storage => "Хранилище данных не отвечает. Рассылка ждёт: сообщите администратору.".into(),
        },
        Phrase::ReportHead { number, title, places } => format!("Отчёт № {number}: {title}. {places}."),
        Phrase::ReportPart { number, change, at, by } => {
            let by = by.map(|by| format!(", {by}")).unwrap_or_default();
            format!("№ {number}. {}: {at}{by}", done(change))
        }
        Phrase::ReportSum(sum) => format!("Сумма: {}", count(*sum)),
        Phrase::ReportPending(chats) => format!("Ещё не решено: {}", count(*chats)),
        Phrase::ReportTimes { first, half, most, last } => {
            let [first, half, most, last] = [first, half, most, last].map(|at| moment(*at));
            format!("До первого: {first}. До половины доставленных: {half}. До 99\u{a0}%: {most}. До последнего: {last}.")
        }
        Phrase::ReportNobody { under_way: false } => "Никому не доставлено".into(),
        Phrase::ReportNobody { under_way: true } => "Пока никому не доставлено".into(),
        Phrase::ReportMean(tenth) => format!("Средняя скорость: {} в секунду", tenths(*tenth, ',')),
        Phrase::ReportReasons(reasons) => format!("Почему не дошло: {reasons}"),
        Phrase::Reason(reason, chats) => format!("{} {}", why(*reason), count(*chats)),
        Phrase::ReasonUnsent(chats) => format!("не отправляли {}", count(*chats)),
        Phrase::ReportRepeated(chats) => format!("Возможных повторов: {}", count(*chats)),
        Phrase::ReportUnneeded { stale, known, halted } => format!("Почему не отправлено: {}", parts([("уже неверно", *stale), ("уже знали", *known), ("остановлено ответственным", *halted)], '\u{a0}')),
        Phrase::ReportSpent(cost) => format!("Потрачено звёзд Telegram: {}", tenths(*cost, ',')),
        Phrase::ReportBots(bots) => format!("Через ботов: {bots}"),
        Phrase::ReportSkipped { more, number } => format!("Ещё изменений: {more}. О каждом: /report {number}."),
        Phrase::NoSuchAlert { number, meant: "" } => format!("Предупреждения № {number} нет: ни одного ещё не поднимали."),
        Phrase::NoSuchAlert { number, meant } => format!("Предупреждения № {number} нет. Может быть: {meant}?"),
        Phrase::ChooseToReport => "О каком предупреждении отчёт? Другое: /report №.".into(),
        Phrase::NoneToReport => "Предупреждений, о которых вы вправе читать отчёт, ещё не было.".into(),
        Phrase::CurveReached { delivered, audience: Some(audience), share } => format!("Доставлено {} из {} ({}\u{a0}%)", count(*delivered), count(*audience), tenths(*share, ',')),
        Phrase::CurveReached { delivered, audience: None, .. } => format!("Доставлено {}, получателей ещё считаем", count(*delivered)),
        Phrase::CurveEnds { first, last } => format!("Первому через {}, последнему через {}", moment(*first), moment(*last)),
        Phrase::CurveReleased { change, at, under_way } => {
            let under_way = if *under_way { ", рассылка идёт" } else { "" };
            format!("{}: {at}{under_way}", done(change))
        }
        Phrase::CurveMarks(parts, at) => {
            let parts: Vec<String> = parts.iter().map(|part| format!("{part}\u{a0}%")).collect();
            format!("{}: {}", parts.join(" и "), moment(*at))
        }
        Phrase::CurveShare => "Доставлено, % получателей".into(),
        Phrase::CurveTime(scale) => format!("{} после выпуска", match scale {
            Scale::Seconds => "секунды",
            Scale::Minutes => "минуты",
            Scale::Hours => "часы",
        }),
        Phrase::CurveMeasured => "доставлено, как измерено".into(),
        Phrase::CurveForeseen(Some(last)) => format!("прогноз: последнему через {}", moment(*last)),
        Phrase::CurveForeseen(None) => "прогноз".into(),
        Phrase::CurveMarked => "половина и 99\u{a0}% тех, кому доставлено".into(),
        Phrase::Whole(name) => format!("Весь регион: {name}"),
        Phrase::Up => "↑ Назад".into(),
        Phrase::Next => "Дальше →".into(),
        Phrase::Previous => "← Раньше".into(),
        Phrase::AddMore => "Добавить регион".into(),
        Phrase::LabelDrop(name) => format!("Убрать: {name}"),
        Phrase::LabelLeave => "Да, отписаться".into(),
        Phrase::LabelStay => "Нет, остаться".into(),
        Phrase::LabelCancel => "Отменить".into(),
        Phrase::LabelApprove => "Одобрить и выпустить".into(),
        Phrase::LabelReject => "Отклонить".into(),
        Phrase::LabelRelease(asked) => match asked {
            Asked::Raise(_) | Asked::Change(_) => "Выпустить".into(),
            Asked::End => "Объявить окончание".into(),
            Asked::Withdraw => "Отозвать".into(),
        },
        Phrase::LabelEnd(number) => format!("Окончание № {number}"),
        Phrase::LabelWithdraw(number) => format!("Отозвать № {number}"),
        Phrase::LabelReport(number) => format!("Отчёт № {number}"),
        Phrase::Paused { number, by } => format!("Рассылка № {number} приостановлена: {by}. Уже отправленное ещё дойдёт."),
        Phrase::Resumed { number, by } => format!("Рассылка № {number} продолжена: {by}."),
        Phrase::Halted { number, by } => format!("Рассылка № {number} прекращена: {by}. Те, кто её получил, получат и окончание."),
        Phrase::HaltAsk(number) => format!("Прекратить рассылку № {number} насовсем? Те, до кого она не дошла, её не получат. Отменить это нельзя. Предупреждение продолжает действовать: завершить его — /clear."),
        Phrase::PausedAlready(number) => format!("Рассылка № {number} уже приостановлена. Продолжить: /resume."),
        Phrase::NotPaused(number) => format!("Рассылка № {number} не приостановлена."),
        Phrase::HaltedAlready(number) => format!("Рассылка № {number} уже прекращена."),
        Phrase::Spared => "Ничего не прекращено.".into(),
        Phrase::NothingSending => "Сейчас ничего не рассылается.".into(),
        Phrase::ChooseSending => "Какую рассылку?".into(),
        Phrase::NotSending { number, meant: "" } => format!("По № {number} ничего не рассылается: рассылка окончена. Ничего не сделано."),
        Phrase::NotSending { number, meant } => format!("По № {number} ничего не рассылается: рассылка окончена. Ничего не сделано. Сейчас рассылается: {meant}."),
        Phrase::LabelPause => "Приостановить".into(),
        Phrase::LabelResume => "Продолжить".into(),
        Phrase::LabelHalt => "Прекратить".into(),
        Phrase::LabelHaltNow => "Да, насовсем".into(),
        Phrase::LabelSpare => "Нет, оставить".into(),
        Phrase::Lasting(lasting) => time(*lasting),
        Phrase::UntilEnded => "До объявления об окончании".into(),
        Phrase::Command(name) => command(name).into(),
    }
}

fn exercise(status: Status) -> &'static str {
    match status {
        Status::Actual => "",
        Status::Exercise => "УЧЕНИЕ. ",
    }
}

fn what(asked: Asked) -> &'static str {
    match asked {
        Asked::Raise(Status::Actual) => "НАСТОЯЩАЯ тревога",
        Asked::Raise(Status::Exercise) => "УЧЕНИЕ",
        Asked::Change(Status::Actual) => "изменение настоящей тревоги",
        Asked::Change(Status::Exercise) => "изменение учения",
        Asked::End => "окончание",
        Asked::Withdraw => "отзыв ошибочного сообщения",
    }
}

fn done(change: &Change) -> &'static str {
    match change {
        Change::Raised => "Поднято",
        Change::Updated => "Изменено",
        Change::SteppedUp => "Уровень повышен",
        Change::SteppedDown => "Уровень снижен",
        Change::EndedPartly(_) => "Окончание в части объявлено",
        Change::Ended => "Окончание объявлено",
        Change::Expired => "Время истекло",
        Change::Withdrawn => "Отозвано как ошибочное",
    }
}

fn preview_reach(outlook: &Outlook) -> String {
    let forecast = &outlook.forecast;
    let mut text = format!("Получателей: {}.", count(forecast.chats()));
    for (kind, chats, people) in by_kind(&outlook.reach) {
        let (chats, people) = (
            count(chats),
            if people > 0 {
                format!(" (людей в них: {})", count(people))
            } else {
                String::new()
            },
        );
        let told = match kind {
            Kind::Channel => format!("Каналов: {chats}{people}."),
            Kind::Group => format!("Групп: {chats}{people}."),
            Kind::Private => format!("Личных чатов: {chats}."),
        };
        text = format!("{text} {told}");
    }
    for (part, at) in expected(forecast, [("половины", 50), ("99\u{a0}%", 99), ("последнего", 100)])
    {
        text = format!("{text} До {part}: около {}.", time(at));
    }
    match forecast.tenths() {
        0 => text,
        cost => format!("{text} Стоимость, звёзд Telegram: около {}.", tenths(cost, ',')),
    }
}

fn settled(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Delivered => "Доставлено",
        Settlement::Uncertain => "Неизвестно, дошло ли",
        Settlement::Retired => "Не дошло (бот заблокирован или чата нет)",
        Settlement::Suspended => "Не дошло (нет права писать в чат)",
        Settlement::Failed => "Не дошло (Telegram отказал)",
        Settlement::Superseded => "Не отправлено, уже не нужно",
        Settlement::Left => "Отписались",
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "бот заблокирован",
        Reason::Deactivated => "аккаунт удалён",
        Reason::NeverStarted => "бот не запущен",
        Reason::Removed => "бот удалён из чата",
        Reason::NotFound => "чат не найден",
        Reason::NoWriting => "нет права писать в группу",
        Reason::NoPosting => "нет права писать в канал",
        Reason::Merged => "чат учтён под новым номером",
        Reason::Refused => "Telegram отказал",
    }
}

fn mandate(refusal: &MandateRefusal, name: &str, who: &str) -> String {
    let who = if who.is_empty() { String::new() } else { format!(" Могут: {who}.") };
    match refusal {
        MandateRefusal::Stranger => {
            "Эта команда только для должностных лиц. Ничего не сделано.".into()
        }
        MandateRefusal::Role(Role::Issuer) => {
            format!("Вы не вправе поднимать и оканчивать предупреждения. Ничего не сделано.{who}")
        }
        MandateRefusal::Role(Role::Approver) => {
            format!("Вы не вправе одобрять предупреждения. Ничего не сделано.{who}")
        }
        MandateRefusal::Role(Role::Auditor) => {
            format!("Вы не вправе читать отчёты. Ничего не сделано.{who}")
        }
        MandateRefusal::Area(_) => {
            format!("{name}: это место вне ваших полномочий. Ничего не сделано.{who}")
        }
        MandateRefusal::Hazard(_) => {
            format!("{name}: эта опасность вне ваших полномочий. Ничего не сделано.{who}")
        }
    }
}

fn draft(refusal: &DraftRefusal) -> String {
    match refusal {
        DraftRefusal::Level(level) => {
            format!("У этой опасности нет уровня «{level}». Ничего не поднято.")
        }
        DraftRefusal::NeedsEnd { longest } => format!(
            "Для этой опасности нужен срок, не больше {}. Ничего не поднято. Допишите, например: на 90м.",
            time(*longest)
        ),
        DraftRefusal::TooLong { longest } => format!(
            "Срок слишком велик: для этой опасности не больше {}. Ничего не поднято.",
            time(*longest)
        ),
        DraftRefusal::TooShort => {
            "Срок слишком мал: нужна хотя бы минута. Ничего не поднято.".into()
        }
        DraftRefusal::Note { chars } => format!(
            "Примечание слишком длинное: {chars} знаков, можно {NOTE_MAX}. Ничего не поднято."
        ),
    }
}

fn alert(refusal: &AlertRefusal, name: &str) -> String {
    match refusal {
        AlertRefusal::OnlyWhole(number) => format!("У предупреждения № {number} истекло объявленное время: подтвердить окончание можно только целиком, /clear {number}. Ничего не сделано."),
        AlertRefusal::NotActive(number) => format!("Действующего предупреждения № {number} нет. Номера: /status."),
        AlertRefusal::Changed(number) => format!("Предупреждение № {number} с тех пор изменили. Ничего не сделано, повторите команду."),
        AlertRefusal::Otherwise => "Опасность, место и вид (учение или настоящая тревога) у поднятого не меняют. Поднимите другое.".into(),
        AlertRefusal::NotThere(_) => format!("{name}: там это предупреждение не действует. Ничего не сделано."),
        AlertRefusal::Same => "Это ничего не изменит. Ничего не отправлено.".into(),
    }
}

fn consent(refusal: &ConsentRefusal) -> String {
    match refusal {
        ConsentRefusal::Expired => {
            "Время на подтверждение вышло. Ничего не выпущено, повторите команду.".into()
        }
        ConsentRefusal::WrongWord => {
            "Слово не то. Ничего не выпущено. Напишите слово из предпросмотра или отмените запрос."
                .into()
        }
        ConsentRefusal::NeedsWord(words) => {
            format!("Нажатия мало: напишите слово {}. Ничего не выпущено.", words.join(" / "))
        }
        ConsentRefusal::NeedsSecondPerson => {
            "Выпустить должен другой человек. Ничего не выпущено.".into()
        }
        ConsentRefusal::NotIssuer => {
            "Выпустить может только тот, кто это готовил. Ничего не выпущено.".into()
        }
        ConsentRefusal::Mandate => "Полномочий на это больше нет. Ничего не выпущено.".into(),
    }
}

fn command(name: &str) -> &'static str {
    match name {
        "start" => "выбрать регион",
        "status" => "что сейчас",
        "regions" => "ваши регионы",
        "add" => "добавить регион по названию",
        "language" => "язык",
        "drills" => "участвовать в учениях или нет",
        "stop" => "отписаться от всего",
        "alert" => "поднять тревогу",
        "clear" => "объявить окончание",
        "update" => "изменить уровень, срок или примечание",
        "pause" => "приостановить рассылку",
        "resume" => "продолжить рассылку",
        "halt" => "прекратить рассылку насовсем",
        "withdraw" => "отозвать ошибочное",
        "report" => "как дошло предупреждение",
        "confirm" => "выпустить по коду",
        "cancel" => "отменить по коду",
        "drill" => "поднять учение",
        _ => "что можно",
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
