//! A trained model as a file in the `safetensors` format, which other programs read: the length of a
//! JSON header in eight bytes, the header, and the numbers in little-endian order.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::layout::Tensor;
use crate::model::CharLm;

/// The file's name.
pub(crate) const FILE: &str = "model.safetensors";
/// What the header's length is a multiple of.
const ALIGNMENT: usize = 8;

/// Writes the model with the bytes that its tokens stand for.
pub(crate) fn write(model: &CharLm, vocab: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let mut header = header(model, vocab).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    for number in model.params() {
        out.write_all(&number.to_le_bytes())?;
    }
    out.flush()
}

fn header(model: &CharLm, vocab: &[u8]) -> Value {
    let shape = model.shape();
    let mut header = Map::new();
    let about = json!({
        "program": "char-lm",
        "vocabulary": json!(vocab).to_string(),
        "context_length": shape.context.to_string(),
        "n_layers": shape.layers.to_string(),
        "n_heads": shape.heads.to_string(),
        "d_model": shape.width.to_string(),
        "d_ff": shape.hidden.to_string(),
    });
    header.insert("__metadata__".to_owned(), about);
    for Tensor { name, sizes, place } in model.tensors() {
        let bytes = [place.start, place.end].map(|at| at * size_of::<f32>());
        let tensor = json!({"dtype": "F32", "shape": sizes, "data_offsets": bytes});
        header.insert(name, tensor);
    }
    Value::Object(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Shape;
    use crate::rng::Rng;

    #[test]
    fn every_parameter_is_in_one_tensor_of_its_size() {
        let shape = Shape {
            vocab: 5,
            context: 3,
            layers: 2,
            heads: 2,
            width: 4,
            hidden: 6,
        };
        let model = CharLm::new(shape, &mut Rng::keyed(1, 0, 0));
        let mut file = Vec::new();
        write(&model, b"abcde", &mut file).unwrap();

        let (length, rest) = file.split_at(8);
        let length = usize::try_from(u64::from_le_bytes(length.try_into().unwrap())).unwrap();
        let (header, data) = rest.split_at(length);
        assert_eq!((length % 8, data.len()), (0, 4 * model.params_count()));
        assert_eq!(data[..4], model.params()[0].to_le_bytes());

        let header: Map<String, Value> = serde_json::from_slice(header).unwrap();
        assert_eq!(header["__metadata__"]["vocabulary"], "[97,98,99,100,101]");
        let mut end = 0;
        for (name, tensor) in header.iter().skip(1) {
            let sizes = tensor["shape"].as_array().unwrap();
            let numbers: u64 = sizes.iter().map(|size| size.as_u64().unwrap()).product();
            assert_eq!(
                tensor["data_offsets"],
                json!([end, end + 4 * numbers]),
                "{name}"
            );
            end += 4 * numbers;
        }
        assert_eq!(end, data.len() as u64);
        assert_eq!(header["blocks.1.expand.weight"]["shape"], json!([4, 6]));
    }
}
