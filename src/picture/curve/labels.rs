//! PURE. Where the names of marks stand: beside their marks, inside the plot, and not on a line or on
//! one another while there is room elsewhere.

use super::super::text::Face;

/// How far a name stands from its mark.
const GAP: f64 = 24.0;

/// A box on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Box2 {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Box2 {
    fn within(&self, outer: &Self) -> bool {
        self.left >= outer.left
            && self.right <= outer.right
            && self.top >= outer.top
            && self.bottom <= outer.bottom
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether a line passes through, looked at in small steps.
    fn is_crossed(&self, line: &[(f64, f64)]) -> bool {
        const STEP: f64 = 4.0;
        line.windows(2).any(|pair| {
            let [(x1, y1), (x2, y2)] = *pair else { return false };
            let steps = ((x2 - x1).hypot(y2 - y1) / STEP).ceil().max(1.0);
            let mut n = 0.0;
            while n <= steps {
                let (x, y) = (x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps);
                if x > self.left && x < self.right && y > self.top && y < self.bottom {
                    return true;
                }
                n += 1.0;
            }
            false
        })
    }
}

/// A name in its place: where its first letter stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
}

/// Finds a place for each name. Names of marks that are at one point share it.
pub(super) fn place(
    names: &[(&str, (f64, f64))],
    face: Face,
    frame: Box2,
    lines: &[Vec<(f64, f64)>],
) -> Vec<Placed> {
    let mut taken: Vec<Box2> = names.iter().map(|(_, at)| around(*at)).collect();
    let mut placed = Vec::new();
    for (text, at) in names {
        let text = face.cut((*text).to_owned(), frame.right - frame.left);
        let width = face.width(&text);
        let candidates = candidates(*at, (width, face.size), frame);
        let cost = |place: &Box2| {
            let own = around(*at);
            let hit = taken.iter().filter(|other| **other != own && place.meets(other)).count();
            let crossed = lines.iter().filter(|line| place.is_crossed(line)).count();
            (usize::from(!place.within(&frame)), hit, crossed)
        };
        // Of equals the first: the order of candidates is the order of preference.
        let Some(best) = candidates.into_iter().min_by_key(cost) else { continue };
        taken.push(best);
        let (x, y) = (best.left, best.bottom - face.size * 0.22);
        placed.push(Placed { x, y, text });
    }
    placed
}

fn around((x, y): (f64, f64)) -> Box2 {
    const RADIUS: f64 = 13.0;
    Box2 { left: x - RADIUS, top: y - RADIUS, right: x + RADIUS, bottom: y + RADIUS }
}

/// Up and to the left, where a curve that grows is not; then the other sides; then further off.
fn candidates((x, y): (f64, f64), (width, height): (f64, f64), frame: Box2) -> Vec<Box2> {
    let mut found = Vec::new();
    for away in [1.0, 2.5, 4.0, 6.0, 9.0, 13.0] {
        let gap = GAP * away;
        let left = (x - GAP - width, y);
        let right = (x + GAP, y);
        let over = (x - width / 2.0, y);
        for (x, y) in [
            (left.0, y - gap / 2.0 - height),
            (right.0, y + gap / 2.0),
            (left.0, y + gap / 2.0),
            (right.0, y - gap / 2.0 - height),
            (over.0, y - gap - height),
            (over.0, y + gap),
        ] {
            let x = x.min(frame.right - width).max(frame.left);
            let y = y.min(frame.bottom - height).max(frame.top);
            found.push(Box2 { left: x, top: y, right: x + width, bottom: y + height });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: Face = Face { size: 30.0, bold: true };
    const FRAME: Box2 = Box2 { left: 100.0, top: 100.0, right: 1_000.0, bottom: 800.0 };

    fn boxes(placed: &[Placed]) -> Vec<Box2> {
        let of = |one: &Placed| Box2 {
            left: one.x,
            top: one.y - FACE.size * 0.78,
            right: one.x + FACE.width(&one.text),
            bottom: one.y + FACE.size * 0.22,
        };
        placed.iter().map(of).collect()
    }

    #[test]
    fn names_stay_inside_and_apart_wherever_their_marks_are() {
        let corners =
            [(100.0, 800.0), (500.0, 400.0), (1_000.0, 100.0), (100.0, 100.0), (1_000.0, 800.0)];
        for one in corners {
            for other in corners {
                let line = vec![(100.0, 800.0), (1_000.0, 100.0)];
                let names = [("50 %: 12 мин", one), ("99 %: 1 ч 2 мин", other)];
                let placed = place(&names, FACE, FRAME, &[line]);
                let boxes = boxes(&placed);
                assert!(!boxes[0].meets(&boxes[1]), "{one:?} {other:?} {placed:?}");
                for own in boxes {
                    let slack = Box2 { left: 99.0, top: 99.0, right: 1_001.0, bottom: 801.0 };
                    assert!(own.within(&slack), "{own:?}");
                }
            }
        }
    }

    #[test]
    fn a_name_does_not_lie_on_the_line() {
        let line = vec![(100.0, 800.0), (550.0, 450.0), (1_000.0, 100.0)];
        let placed =
            place(&[("50 %: 28 мин", (550.0, 450.0))], FACE, FRAME, std::slice::from_ref(&line));
        assert!(!boxes(&placed)[0].is_crossed(&line));
        assert!(placed[0].x < 550.0, "up and to the left: {placed:?}");
    }
}
