//! What an event says.

use std::{borrow::Cow, collections::HashMap};

use cupola_domain::time::Timestamp;
use serde_json::{Map, Value as Json};

use super::{
    Damage, MediaKind, Said, tensor,
    wire::{Value, fields},
};

/// Tag → plugin. A writer names the plugin of a tag only the first time.
pub(super) type Plugins = HashMap<String, String>;

/// A session's configuration is said under this tag.
const SESSION_START_TAG: &str = "_hparams_/session_start_info";

/// So many tags are known by their plugin; the rest must name it each time.
const PLUGINS_MAX: usize = 100_000;

/// The head of an event.
struct Head {
    at: Timestamp,
    step: i64,
}

/// Says all that `record` says; `None` when it is no event.
pub(super) fn read<'a>(
    record: &'a [u8],
    plugins: &mut Plugins,
    say: &mut impl FnMut(Result<Said<'a>, Damage>),
) -> Option<()> {
    let mut head = Head {
        at: Timestamp::from_millis(0),
        step: 0,
    };
    let (mut summary, mut is_start) = (None, false);
    fields(record, |number, value| {
        match number {
            1 => head.at = time(value.double()?),
            2 => head.step = value.int()?,
            5 => summary = Some(value.bytes()?),
            7 => is_start = is_session_start(value.bytes()?)?,
            _ => {}
        }
        Some(())
    })?;
    if is_start {
        say(Ok(Said::SessionStart { step: head.step }));
    }
    fields(summary.unwrap_or_default(), |number, value| {
        if number == 1 {
            say(Ok(read_value(value.bytes()?, &head, plugins)?));
        }
        Some(())
    })
}

/// Fields of a summary's value.
#[derive(Default)]
struct Found<'a> {
    tag: Cow<'a, str>,
    plugin: Option<Cow<'a, str>>,
    plugin_content: &'a [u8],
    simple: Option<f64>,
    tensor: Option<&'a [u8]>,
    image: Option<&'a [u8]>,
    kind: &'static str,
}

fn read_value<'a>(bytes: &'a [u8], head: &Head, plugins: &mut Plugins) -> Option<Said<'a>> {
    let mut found = Found::default();
    fields(bytes, |number, value| read_field(&mut found, number, value))?;
    if found.tag == SESSION_START_TAG {
        return hyperparameters(found.plugin_content).map(Said::Hyperparameters);
    }
    if let Some(value) = found.simple {
        return Some(found.scalar(head, value));
    }
    let (tensor, image) = (found.tensor, found.image);
    let texts = || tensor.and_then(tensor::texts);
    match plugin_of(&found, plugins) {
        "" | "scalars" if let Some(value) = tensor.and_then(tensor::scalar) => {
            Some(found.scalar(head, value))
        }
        "text" if let Some(texts) = texts() => Some(found.media(head, MediaKind::Text, texts)),
        // The width and the height come first.
        "images" if let Some([_, _, images @ ..]) = texts().as_deref() => {
            let images = images.to_vec();
            Some(found.media(head, MediaKind::Image, images))
        }
        _ if let Some(image) = image => {
            let image = encoded(image)?;
            Some(found.media(head, MediaKind::Image, vec![image]))
        }
        plugin => Some(Said::Other {
            kind: kind(plugin, found.kind),
            tag: found.tag,
            step: head.step,
        }),
    }
}

impl<'a> Found<'a> {
    fn scalar(self, head: &Head, value: f64) -> Said<'a> {
        Said::Scalar {
            tag: self.tag,
            step: head.step,
            at: head.at,
            value,
        }
    }

    fn media(self, head: &Head, kind: MediaKind, parts: Vec<&'a [u8]>) -> Said<'a> {
        Said::Media {
            tag: self.tag,
            step: head.step,
            kind,
            parts,
        }
    }
}

/// The plugin that the value names, or that an earlier value of its tag has named.
fn plugin_of<'p>(found: &'p Found<'_>, plugins: &'p mut Plugins) -> &'p str {
    let Some(plugin) = &found.plugin else {
        let known = plugins.get(found.tag.as_ref());
        return known.map_or("", String::as_str);
    };
    let is_known = plugins
        .get(found.tag.as_ref())
        .is_some_and(|known| known == plugin);
    if !is_known && plugins.len() < PLUGINS_MAX {
        plugins.insert(found.tag.to_string(), plugin.to_string());
    }
    plugin
}

fn read_field<'a>(found: &mut Found<'a>, number: u64, value: Value<'a>) -> Option<()> {
    match number {
        1 => found.tag = value.text()?,
        2 => found.simple = Some(value.float()?),
        3 | 5 => found.kind = "histogram",
        4 => found.image = Some(value.bytes()?),
        6 => found.kind = "audio",
        8 => {
            found.tensor = Some(value.bytes()?);
            found.kind = "tensor";
        }
        9 => fields(value.bytes()?, |number, value| {
            if number == 1 {
                read_plugin(found, value.bytes()?)?;
            }
            Some(())
        })?,
        _ => {}
    }
    Some(())
}

fn read_plugin<'a>(found: &mut Found<'a>, plugin: &'a [u8]) -> Option<()> {
    fields(plugin, |number, value| {
        match number {
            1 => found.plugin = Some(value.text()?),
            2 => found.plugin_content = value.bytes()?,
            _ => {}
        }
        Some(())
    })
}

fn kind(plugin: &str, of_field: &'static str) -> Cow<'static, str> {
    match plugin {
        "histograms" => "histogram".into(),
        "" => of_field.into(),
        other => other.to_owned().into(),
    }
}

/// The bytes of an image's file.
fn encoded(image: &[u8]) -> Option<&[u8]> {
    let mut encoded = &[][..];
    fields(image, |number, value| {
        if number == 4 {
            encoded = value.bytes()?;
        }
        Some(())
    })?;
    Some(encoded)
}

/// A session's log says that it started (1), stopped (2) or made a checkpoint (3).
fn is_session_start(log: &[u8]) -> Option<bool> {
    let mut status = 0;
    fields(log, |number, value| {
        if number == 1 {
            status = value.int()?;
        }
        Some(())
    })?;
    Some(status == 1)
}

/// The plugin's content: a message with the start of a session, which has a map of values.
fn hyperparameters(content: &[u8]) -> Option<Map<String, Json>> {
    let mut parameters = Map::new();
    fields(content, |number, value| {
        if number == 3 {
            fields(value.bytes()?, |number, value| {
                if number == 1 {
                    let (name, value) = entry(value.bytes()?)?;
                    parameters.insert(name, value);
                }
                Some(())
            })?;
        }
        Some(())
    })?;
    Some(parameters)
}

fn entry(bytes: &[u8]) -> Option<(String, Json)> {
    let (mut name, mut found) = (String::new(), Json::Null);
    fields(bytes, |number, value| {
        match number {
            1 => name = value.text()?.into_owned(),
            2 => found = json(value.bytes()?)?,
            _ => {}
        }
        Some(())
    })?;
    Some((name, found))
}

/// A number, a text or a truth; lists and structures are left out.
fn json(bytes: &[u8]) -> Option<Json> {
    let mut found = Json::Null;
    fields(bytes, |number, value| {
        match number {
            2 => found = cupola_domain::metric::number_json(value.double()?),
            3 => found = Json::String(value.text()?.into_owned()),
            4 => found = Json::Bool(value.int()? != 0),
            _ => {}
        }
        Some(())
    })?;
    Some(found)
}

/// Seconds since 1970; a time that is none is the beginning.
fn time(secs: f64) -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a conversion of doubles saturates"
    )]
    let millis = (secs * 1000.0).round() as i64;
    Timestamp::from_millis(millis)
}
