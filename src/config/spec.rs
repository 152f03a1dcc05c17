//! What may be written: version 1 of every file.
//!
//! Every key is optional here, though not in truth: a missing one is reported by `check`, together
//! with all else that is wrong, where serde would stop at the first. Values that a fault may point
//! to are [`Spanned`]. `flatten`, untagged and internally tagged types are deliberately absent: they
//! lose the spans.

use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use toml::Spanned;

/// A value that a fault can point to; `None` if it was not written.
pub(super) type Given<T> = Option<Spanned<T>>;

/// The format of the files that this program reads.
pub(super) const VERSION: i64 = 1;

/// `nabat.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsFile {
    pub(super) version: Given<i64>,
    #[serde(default)]
    pub(super) storage: StorageSpec,
    #[serde(default)]
    pub(super) bots: Vec<Spanned<BotSpec>>,
    #[serde(default)]
    pub(super) policy: PolicySpec,
    #[serde(default)]
    pub(super) log: LogSpec,
}

/// `[storage]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StorageSpec {
    pub(super) url: Given<String>,
}

/// `[[bots]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BotSpec {
    pub(super) name: Given<String>,
    pub(super) api_url: Given<String>,
    pub(super) token_file: Given<String>,
    pub(super) token_env: Given<String>,
    pub(super) token_credential: Given<String>,
    pub(super) rate: Given<i64>,
    pub(super) comfortable: Given<i64>,
    pub(super) paid_rate: Given<i64>,
    pub(super) stars_per_alert: Given<i64>,
    pub(super) stars_per_day: Given<i64>,
}

/// `[policy]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySpec {
    pub(super) language: Option<LangSpec>,
    pub(super) command_late_after: Given<String>,
    pub(super) canary_chat: Given<i64>,
    pub(super) canary_every: Given<String>,
}

/// `[log]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogSpec {
    pub(super) filter: Given<String>,
    pub(super) format: Option<FormatSpec>,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FormatSpec {
    Text,
    Json,
}

/// A language by its code.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LangSpec {
    Ru,
    Uk,
    En,
}

/// A text in every language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextsSpec {
    pub(super) ru: Given<String>,
    pub(super) uk: Given<String>,
    pub(super) en: Given<String>,
}

/// `regions/*.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionFile {
    pub(super) version: Given<i64>,
    pub(super) region: Given<RegionSpec>,
}

/// A region, a district, or a place: one shape, so that a country may nest them as it does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionSpec {
    pub(super) id: Given<String>,
    pub(super) parent: Given<String>,
    pub(super) name: Given<TextsSpec>,
    pub(super) short_word: Given<String>,
    #[serde(default)]
    pub(super) aliases: Vec<Spanned<String>>,
    pub(super) source: Given<TextsSpec>,
    pub(super) zone: Given<String>,
    #[serde(default)]
    pub(super) districts: Vec<Spanned<RegionSpec>>,
    #[serde(default)]
    pub(super) places: Vec<Spanned<RegionSpec>>,
}

/// `hazards/*.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HazardFile {
    pub(super) version: Given<i64>,
    pub(super) hazard: Given<HazardSpec>,
    #[serde(default)]
    pub(super) levels: Vec<Spanned<LevelSpec>>,
}

/// `[hazard]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HazardSpec {
    pub(super) id: Given<String>,
    pub(super) name: Given<TextsSpec>,
    #[serde(default)]
    pub(super) aliases: Vec<Spanned<String>>,
    pub(super) after: Given<TextsSpec>,
    pub(super) longest: Given<String>,
    pub(super) open_ended: Given<bool>,
}

/// `[[levels]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelSpec {
    pub(super) id: Given<String>,
    pub(super) title: Given<TextsSpec>,
    pub(super) action: Given<TextsSpec>,
    pub(super) guidance: Given<TextsSpec>,
    pub(super) urgency: Given<UrgencySpec>,
    pub(super) severity: Given<SeveritySpec>,
    pub(super) certainty: Given<CertaintySpec>,
    pub(super) approvals: Given<i64>,
    #[serde(default)]
    pub(super) silent: bool,
    #[serde(default)]
    pub(super) updates: UpdatesSpec,
    #[serde(default)]
    pub(super) paid: bool,
}

/// How updates reach private chats that were told.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UpdatesSpec {
    #[default]
    Edit,
    Silent,
    None,
}

/// `// CAP 1.2 §3.2.2 urgency`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UrgencySpec {
    Immediate,
    Expected,
    Future,
    Past,
    Unknown,
}

/// `// CAP 1.2 §3.2.2 severity`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SeveritySpec {
    Extreme,
    Severe,
    Moderate,
    Minor,
    Unknown,
}

/// `// CAP 1.2 §3.2.2 certainty`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CertaintySpec {
    Observed,
    Likely,
    Possible,
    Unlikely,
    Unknown,
}

/// `operators.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorsFile {
    pub(super) version: Given<i64>,
    #[serde(default)]
    pub(super) operators: Vec<Spanned<OperatorSpec>>,
}

/// `[[operators]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorSpec {
    pub(super) telegram: Given<i64>,
    pub(super) name: Given<String>,
    pub(super) person: Given<String>,
    pub(super) language: Option<LangSpec>,
    #[serde(default)]
    pub(super) mandates: Vec<Spanned<MandateSpec>>,
}

/// `[[operators.mandates]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MandateSpec {
    #[serde(default)]
    pub(super) roles: Vec<Spanned<RoleSpec>>,
    #[serde(default)]
    pub(super) regions: Vec<Spanned<String>>,
    pub(super) hazards: Given<HazardsSpec>,
}

/// What an operator may do.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleSpec {
    Issuer,
    Approver,
    Auditor,
}

/// `"*"` or a list of ids.
#[derive(Debug)]
pub(super) enum HazardsSpec {
    /// What was written as one string; only `*` is right.
    One(String),
    /// The ids.
    List(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for HazardsSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = HazardsSpec;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"*\" or a list of hazard ids")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HazardsSpec, E> {
                Ok(HazardsSpec::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<HazardsSpec, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = list.next_element()? {
                    ids.push(id);
                }
                Ok(HazardsSpec::List(ids))
            }
        }

        deserializer.deserialize_any(Either)
    }
}
