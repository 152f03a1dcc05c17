//! What a curve has to show, read from the drawing.

use super::*;
use crate::picture::png;

const MIN: Duration = Duration::from_mins(1);
const MS: fn(u64) -> Duration = Duration::from_millis;

fn words() -> Words {
    Words {
        share: "Доставлено, % получателей".into(),
        time: ["секунды", "минуты", "часы"].map(|unit| format!("{unit} после выпуска")),
        measured: "доставлено, как измерено".into(),
        foreseen: "прогноз: последнему через 56 мин".into(),
        marks: "половина и 99 % тех, кому доставлено".into(),
        nobody: "Никому не доставлено".into(),
        decimal: ',',
    }
}

/// A curve that grows evenly to so many, over so long.
fn even(chats: u64, over: Duration) -> Vec<(Duration, u64)> {
    (0..=100).map(|n| (over * n / 100, chats * u64::from(n) / 100)).collect()
}

fn chart(audience: u64, measured: Vec<(Duration, u64)>, foreseen: Vec<(Duration, u64)>) -> Chart {
    let last = measured.last().map(|(at, _)| *at);
    let mark = |label: &str, at| Mark { at, label: label.to_owned() };
    let marks =
        |at: Duration| vec![mark("50 %: 28 мин", at / 2), mark("99 %: 55 мин", at * 99 / 100)];
    Chart {
        title: "Бесполётная зона".into(),
        place: "№ 12. Смоленская область".into(),
        facts: vec![
            "Доставлено 9 700 из 10 000 (97 %)".into(),
            "Первому через 0,4 с, последнему через 56 мин".into(),
            "Поднято: 15:09 23.11 (UTC+3)".into(),
        ],
        words: words(),
        audience,
        measured,
        foreseen,
        marks: last.map(marks).unwrap_or_default(),
    }
}

/// The corners of every `<path>` with this in its style.
fn corners(svg: &str, style: &str) -> Vec<(f64, f64)> {
    let line = svg.lines().find(|line| line.contains("<path") && line.contains(style));
    let path = line.and_then(|line| line.split('"').nth(1)).unwrap_or_default();
    let numbers = path.split(['M', 'L', ' ']).filter(|part| !part.is_empty());
    let numbers: Vec<f64> = numbers.map(|number| number.parse().unwrap()).collect();
    numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

const CURVES: &str = "stroke-width=\"6\" stroke-linejoin";

/// Everything that is drawn, text as outlines, and where it lies.
fn bounds(svg: &str) -> (f64, f64, f64, f64) {
    let tree = png::tree(svg).unwrap();
    let all = tree.root().abs_stroke_bounding_box();
    (all.left().into(), all.top().into(), all.right().into(), all.bottom().into())
}

fn is_inside(svg: &str) {
    let (left, top, right, bottom) = bounds(svg);
    let side = f64::from(SIDE);
    assert!(left >= 0.0 && top >= 0.0 && right <= side && bottom <= side, "{:?}", bounds(svg));
}

#[test]
fn the_curve_grows_from_nobody_to_the_share_that_was_reached() {
    for over in [MS(1_000), MIN * 58, MIN * 600] {
        let svg = draw(&chart(10_000, even(9_700, over), even(10_000, over)));
        let line = corners(&svg, CURVES);
        assert_eq!(line.len(), 102);
        assert!(line.is_sorted_by(|one, next| one.0 <= next.0 && one.1 >= next.1), "{line:?}");
        assert_eq!(line[0], (LEFT, BOTTOM));
        let (x, y) = line[101];
        let top = corners(&svg, "stroke-dasharray=\"14 10\"")[100].1;
        let share = (BOTTOM - y) / (BOTTOM - top);
        assert!((share - 0.97).abs() < 0.001, "{share}");
        assert!(x < RIGHT && x > RIGHT - 60.0, "the last stands near the end: {x}");
        is_inside(&svg);
    }
}

#[test]
fn the_axis_tells_its_unit_and_the_shares_are_always_of_all() {
    for (over, unit) in [(MS(1_000), "секунды"), (MIN * 58, "минуты"), (MIN * 600, "часы")]
    {
        let svg = draw(&chart(10_000, even(300, over), Vec::new()));
        assert!(svg.contains(&format!(">{unit} после выпуска</text>")), "{over:?}");
        for share in ["0", "25", "50", "75", "100"] {
            assert!(svg.contains(&format!("text-anchor=\"end\" fill=\"{QUIET}\">{share}</text>")));
        }
        let (_, highest) = corners(&svg, CURVES)[101];
        assert!(highest > BOTTOM - 20.0, "3 % is low: {highest}");
    }
}

#[test]
fn a_mark_stands_on_the_curve() {
    let mut flat = vec![(MS(0), 0), (MS(1_000), 60), (MS(9_000), 60), (MS(10_000), 100)];
    for (at, chats) in [(MS(500), 30), (MS(1_000), 60), (MS(5_000), 60), (MS(9_500), 80)] {
        let marks = vec![Mark { at, label: "x".into() }];
        let chart = Chart { marks, ..chart(100, flat.clone(), Vec::new()) };
        let plot = Plot::of(&chart, 300.0);
        assert_eq!(plot.on(&flat, at), (plot.x(at), plot.y(chats)), "{at:?}");
        let (x, y) = plot.on(&flat, at);
        assert!(draw(&chart).contains("<circle") && x > LEFT && y < BOTTOM);
    }
    flat.clear();
    let (_, y) = Plot::of(&chart(0, Vec::new(), Vec::new()), 300.0).on(&flat, MS(3));
    assert!((y - BOTTOM).abs() < 0.1, "{y}");
}

#[test]
fn one_recipient_is_a_step_and_its_mark_stands_on_top() {
    let at = MS(317);
    let marks = vec![Mark { at, label: "50 % и 99 %: 0,4 с".into() }];
    let one = Chart { marks, ..chart(1, vec![(at, 0), (at, 1)], vec![(MS(0), 0), (MS(33), 1)]) };
    let svg = draw(&one);
    let line = corners(&svg, CURVES);
    assert_eq!(line.len(), 3);
    assert!(line[0].1 > line[2].1 && line[1] == (line[2].0, BOTTOM), "{line:?}");
    let (_, y) = Plot::of(&one, 300.0).on(&one.measured, at);
    assert!((y - 300.0).abs() < 0.1, "{y}");
    is_inside(&svg);
}

#[test]
fn an_empty_audience_is_said_in_words() {
    let svg = draw(&chart(0, Vec::new(), vec![(MS(0), 0)]));
    assert!(svg.contains("Никому не доставлено"));
    assert!(!svg.contains("<circle") && !svg.contains("после выпуска"), "{svg}");
    assert!(!svg.contains("прогноз"), "nothing was foreseen for nobody");
    is_inside(&svg);
    let waiting = draw(&chart(9, Vec::new(), even(9, MIN)));
    assert!(waiting.contains("Никому не доставлено") && waiting.contains("прогноз"));
}

#[test]
fn names_of_any_length_and_kind_stay_inside_and_end_nothing() {
    let long = "Опасность атаки <беспилотных> & \"ракетных\" 'аппаратов' ]]> -- ".repeat(20);
    let unbroken = "Щ".repeat(3_000);
    for text in [long.as_str(), unbroken.as_str(), "", "漢字 🚨 \u{202e}abc\u{0}\u{b}", "-->"] {
        let text = || text.to_owned();
        let full = chart(1_000_000, even(400_000, MIN * 200), even(1_000_000, MIN * 555));
        let chart = Chart {
            title: text(),
            place: text(),
            facts: vec![text(), text(), text()],
            words: Words {
                share: text(),
                time: [text(), text(), text()],
                measured: text(),
                foreseen: text(),
                marks: text(),
                nobody: text(),
                decimal: ',',
            },
            marks: full.marks.iter().map(|mark| Mark { label: text(), ..mark.clone() }).collect(),
            ..full
        };
        let svg = draw(&chart);
        is_inside(&svg);
        assert!(png::raster(&svg).is_ok());
        is_inside(&draw(&Chart { measured: Vec::new(), ..chart }));
    }
}

#[test]
fn nothing_is_said_by_colour_alone() {
    let svg = draw(&chart(10_000, even(9_700, MIN * 58), even(10_000, MIN * 56)));
    let (measured, foreseen) = (CURVES, "stroke-dasharray=\"14 10\"");
    assert_eq!(svg.matches(measured).count(), 1);
    assert_eq!(svg.matches(foreseen).count(), 2, "the line and its legend");
    for word in [words().measured, words().foreseen, words().marks, words().share] {
        assert!(svg.contains(&word), "{word}");
    }
    assert!(svg.contains("fill=\"#ffffff\"/>"), "it brings its own background");
    assert!(svg.contains("<title>") && svg.contains("<desc>"));
}

#[test]
fn a_picture_is_a_square_that_telegram_takes() {
    let svg = draw(&chart(10_000, even(9_700, MIN * 58), even(10_000, MIN * 56)));
    let png = png::raster(&svg).unwrap();
    assert_eq!(png::raster(&svg).unwrap(), png, "the same every time");
    assert!(png.len() < 200_000, "{} bytes", png.len());
    insta::assert_snapshot!("hour", svg);
}
