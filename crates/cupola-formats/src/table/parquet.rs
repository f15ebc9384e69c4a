//! Parquet: columns in row groups, each cell optional.

use std::{
    io::{self, Write},
    sync::Arc,
};

use parquet::{
    basic::{
        Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel,
    },
    column::writer::ColumnWriter,
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        reader::{ChunkReader, FileReader as _},
        serialized_reader::SerializedFileReader,
        writer::SerializedFileWriter,
    },
    record::{Field, Row},
    schema::types::{ColumnPath, Type, TypePtr},
};

use super::{Cell, Column, Kind};

/// Rows of one group: with all its columns it is in memory until it is written.
const GROUP_ROWS: usize = 1 << 16;

/// And bytes of its texts.
const GROUP_BYTES: usize = 16 << 20;

pub(super) struct Parquet<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Cells>,
    rows: usize,
    bytes: usize,
}

/// The cells of a column that wait to be written: those that are there, and which are.
struct Cells {
    values: Values,
    is_there: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn new(columns: &[Column], out: W) -> io::Result<Self> {
        let schema = schema(columns).map_err(failed)?;
        let properties = Arc::new(properties(columns).map_err(failed)?);
        let file = SerializedFileWriter::new(out, schema, properties).map_err(failed)?;
        let empty = |column: &Column| Cells {
            values: match column.kind {
                Kind::Text => Values::Texts(Vec::new()),
                Kind::Integer | Kind::Time => Values::Integers(Vec::new()),
                Kind::Number => Values::Numbers(Vec::new()),
            },
            is_there: Vec::new(),
        };
        Ok(Self {
            file,
            columns: columns.iter().map(empty).collect(),
            rows: 0,
            bytes: 0,
        })
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            if let Cell::Text(text) = cell {
                self.bytes += text.len();
            }
            column.push(cell);
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.bytes >= GROUP_BYTES {
            return self.write_group().map_err(failed);
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.write_group().map_err(failed)?;
        }
        let mut out = self.file.into_inner().map_err(failed)?;
        out.flush()?;
        Ok(out)
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for cells in &mut self.columns {
            if let Some(mut column) = group.next_column()? {
                cells.write(column.untyped())?;
                column.close()?;
            }
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Cells {
    /// A cell of another kind than its column's counts as missing.
    fn push(&mut self, cell: &Cell<'_>) {
        let is_there = match (&mut self.values, cell) {
            (Values::Texts(texts), Cell::Text(text)) => {
                texts.push(ByteArray::from(text.as_bytes().to_vec()));
                true
            }
            (Values::Integers(integers), Cell::Integer(integer) | Cell::Time(integer)) => {
                integers.push(*integer);
                true
            }
            (Values::Numbers(numbers), Cell::Number(number)) => {
                numbers.push(*number);
                true
            }
            (_, cell) => {
                debug_assert_eq!(*cell, Cell::Missing, "a cell is of its column's kind");
                false
            }
        };
        self.is_there.push(i16::from(is_there));
    }

    fn write(&mut self, column: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let is_there = Some(self.is_there.as_slice());
        match (&mut self.values, column) {
            (Values::Texts(texts), ColumnWriter::ByteArrayColumnWriter(column)) => {
                column.write_batch(texts, is_there, None)?;
                texts.clear();
            }
            (Values::Integers(integers), ColumnWriter::Int64ColumnWriter(column)) => {
                column.write_batch(integers, is_there, None)?;
                integers.clear();
            }
            (Values::Numbers(numbers), ColumnWriter::DoubleColumnWriter(column)) => {
                column.write_batch(numbers, is_there, None)?;
                numbers.clear();
            }
            _ => unreachable!("the schema was made of the same columns"),
        }
        self.is_there.clear();
        Ok(())
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let field = |column: &Column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Time => {
                let time = LogicalType::timestamp(true, TimeUnit::MILLIS);
                (Physical::INT64, Some(time))
            }
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        field.build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
    let schema = Type::group_type_builder("row").with_fields(fields);
    schema.build().map(Arc::new)
}

fn properties(columns: &[Column]) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("cupola".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in columns {
        let path = ColumnPath::new(vec![column.name.clone()]);
        let encoding = match column.kind {
            Kind::Text => continue,
            Kind::Integer | Kind::Time => Encoding::DELTA_BINARY_PACKED,
            Kind::Number => Encoding::BYTE_STREAM_SPLIT,
        };
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, encoding);
    }
    Ok(properties.build())
}

/// Reads a table back, row by row. What is no Parquet, or none of a table, is an error.
///
/// # Errors
/// When the bytes are no such file, or `take` fails.
pub fn read<R: ChunkReader + 'static>(
    file: R,
    mut take: impl FnMut(&[(String, Cell<'_>)]) -> io::Result<()>,
) -> io::Result<()> {
    let reader = SerializedFileReader::new(file).map_err(failed)?;
    for row in reader.get_row_iter(None).map_err(failed)? {
        let row: Row = row.map_err(failed)?;
        let cells: Option<Vec<_>> = row
            .get_column_iter()
            .map(|(name, field)| cell(field).map(|cell| (name.clone(), cell)))
            .collect();
        take(&cells.ok_or_else(|| io::Error::other("a column of a kind that no table has"))?)?;
    }
    Ok(())
}

fn cell(field: &Field) -> Option<Cell<'_>> {
    Some(match field {
        Field::Null => Cell::Missing,
        Field::Str(text) => Cell::Text(text),
        Field::Long(integer) => Cell::Integer(*integer),
        Field::Double(number) => Cell::Number(*number),
        Field::TimestampMillis(millis) => Cell::Time(*millis),
        _ => return None,
    })
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => io::Error::other(inner),
        error => io::Error::other(error),
    }
}
