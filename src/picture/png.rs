//! PURE. SVG of ours as a PNG.
//!
//! Invariants: the fonts are those in `font/`, whatever the machine has; one SVG gives one PNG.
//!
//! Deliberately absent: pictures from elsewhere. What is drawn here was written here.

use std::sync::{Arc, LazyLock};

use resvg::{
    render,
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

/// Noto Sans, which `font/make.py` has cut down to our letters; its licence is `font/OFL.txt`.
const FACES: [&[u8]; 2] = [include_bytes!("font/regular.ttf"), include_bytes!("font/bold.ttf")];

/// The family's name, as an SVG has to say it.
pub(super) const FAMILY: &str = "Noto Sans";

/// The longest side that is rasterised: memory is four bytes a pixel. Telegram shows 1280 at most.
const SIDE_MAX: u32 = 4_096;

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for face in FACES {
        fonts.load_font_data(face.to_vec());
    }
    Arc::new(fonts)
});

/// Why there is no picture: a fault of ours, since the SVG is.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It is no SVG.
    #[error("the drawing can't be read")]
    Unreadable(#[source] resvg::usvg::Error),
    /// It is too large, or has no size.
    #[error("the drawing is {0} × {1}")]
    Size(u32, u32),
    /// It can't be written.
    #[error("the picture can't be encoded: {0}")]
    Encoding(String),
}

/// A picture, one pixel for each unit of the drawing.
///
/// # Errors
///
/// If this is no SVG, or more than 4096 units wide or high.
pub fn raster(svg: &str) -> Result<Vec<u8>, Fault> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width(), size.height());
    if width > SIDE_MAX || height > SIDE_MAX {
        return Err(Fault::Size(width, height));
    }
    let mut pixels = Pixmap::new(width, height).ok_or(Fault::Size(width, height))?;
    render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|fault| Fault::Encoding(fault.to_string()))
}

pub(super) fn tree(svg: &str) -> Result<Tree, Fault> {
    let options = Options {
        font_family: FAMILY.to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..Options::default()
    };
    Tree::from_str(svg, &options).map_err(Fault::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"60\">{inside}</svg>"
        )
    }

    /// Bot API: `sendPhoto`. Width and height of a PNG, by its header. `// PNG §11.2.1`
    fn size(png: &[u8]) -> (u32, u32) {
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        (side(16), side(20))
    }

    #[test]
    fn letters_of_every_language_are_drawn_by_our_own_fonts() {
        let blank = raster(&svg("")).unwrap();
        assert_eq!(size(&blank), (200, 60));
        let mut seen = vec![blank];
        for text in ["щ", "ї", "ґ", "W", "№", "—"] {
            for weight in ["400", "700"] {
                let text = format!(
                    "<text y=\"50\" font-size=\"50\" font-weight=\"{weight}\" font-family=\"{FAMILY}\">{text}</text>"
                );
                let png = raster(&svg(&text)).unwrap();
                assert!(!seen.contains(&png), "{text} looks like another, or like nothing");
                assert_eq!(raster(&svg(&text)).unwrap(), png);
                seen.push(png);
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(matches!(raster("<svg"), Err(Fault::Unreadable(_))));
        let vast = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9999\" height=\"10\"/>";
        assert!(matches!(raster(vast), Err(Fault::Size(9999, 10))));
    }
}
