use proptest::prelude::*;

use super::*;

fn columns() -> Vec<Column> {
    vec![
        Column::new("name", Kind::Text),
        Column::new("step", Kind::Integer),
        Column::new("value", Kind::Number),
        Column::new("at", Kind::Time),
    ]
}

fn written(format: Format, rows: &[[Cell<'_>; 4]]) -> Vec<u8> {
    let mut writer = Writer::new(format, columns(), Vec::new()).unwrap();
    for row in rows {
        writer.row(row).unwrap();
    }
    writer.finish().unwrap()
}

const ROWS: [[Cell<'static>; 4]; 3] = [
    [
        Cell::Text("a,\"b\""),
        Cell::Integer(-1),
        Cell::Number(0.1),
        Cell::Time(0),
    ],
    [Cell::Missing; 4],
    [
        Cell::Text("=1+1"),
        Cell::Integer(i64::MAX),
        Cell::Number(f64::NEG_INFINITY),
        Cell::Time(1),
    ],
];

fn check(format: Format, rows: &[[Cell<'_>; 4]], expected: &str) {
    assert_eq!(String::from_utf8(written(format, rows)).unwrap(), expected);
}

#[test]
fn a_table_is_the_same_in_every_text_format() {
    check(
        Format::Csv,
        &ROWS,
        "name,step,value,at\r\n\
         \"a,\"\"b\"\"\",-1,0.1,1970-01-01T00:00:00.000Z\r\n\
         ,,,\r\n\
         '=1+1,9223372036854775807,-Infinity,1970-01-01T00:00:00.001Z\r\n",
    );
    let lines = "{\"name\":\"a,\\\"b\\\"\",\"step\":-1,\"value\":0.1,\"at\":\"1970-01-01T00:00:00.000Z\"}\n\
         {\"name\":null,\"step\":null,\"value\":null,\"at\":null}\n\
         {\"name\":\"=1+1\",\"step\":9223372036854775807,\"value\":\"-Infinity\",\"at\":\"1970-01-01T00:00:00.001Z\"}\n";
    check(Format::JsonLines, &ROWS, lines);
    let array = format!("[\n{}\n]\n", lines.trim_end().replace('\n', ",\n"));
    check(Format::Json, &ROWS, &array);
    check(Format::Json, &[], "[\n]\n");
}

fn check_csv(text: &str, expected: &str) {
    let row = [
        Cell::Text(text),
        Cell::Missing,
        Cell::Missing,
        Cell::Missing,
    ];
    check(
        Format::Csv,
        &[row],
        &format!("name,step,value,at\r\n{expected},,,\r\n"),
    );
}

#[test]
fn no_spreadsheet_takes_a_text_for_a_formula() {
    check_csv("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
    check_csv("+1+1", "'+1+1");
    check_csv("@SUM(A1)", "'@SUM(A1)");
    check_csv("-x", "'-x");
    check_csv("\t=1", "\"'\t=1\"");
    check_csv("\r=1", "\"'\r=1\"");
    check_csv("\0", "\"'\0\"");
    // Real numbers stay what they are.
    check_csv("-1.5e-3", "-1.5e-3");
    check_csv("+7", "+7");
    check_csv("-inf", "-inf");
    check_csv("1e-4", "1e-4");
    check_csv("", "\"\"");
    check_csv(" a", "\" a\"");
}

/// A reader of RFC 4180 to hold the writer against.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    rows
}

/// Rows as they come back from Parquet, as text that tells every double apart.
fn read_back(file: Vec<u8>) -> Vec<String> {
    let mut rows = Vec::new();
    read_parquet(bytes::Bytes::from(file), |cells| {
        let cells = cells.iter();
        let cells = cells.map(|(name, cell)| format!("{name}={}", exact(cell)));
        rows.push(cells.collect::<Vec<_>>().concat());
        Ok(())
    })
    .unwrap();
    rows
}

fn exact(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Number(value) => format!("{:x} ", value.to_bits()),
        cell => format!("{cell:?} "),
    }
}

fn cells() -> impl Strategy<Value = (Option<String>, Option<i64>, Option<u64>, Option<i64>)> {
    any::<(Option<String>, Option<i64>, Option<u64>, Option<i64>)>()
}

proptest! {
    #[test]
    fn parquet_keeps_every_bit(rows in prop::collection::vec(cells(), 0..50)) {
        let rows: Vec<[Cell<'_>; 4]> = rows.iter().map(|(text, integer, bits, time)| [
            text.as_deref().map_or(Cell::Missing, Cell::Text),
            integer.map_or(Cell::Missing, Cell::Integer),
            bits.map_or(Cell::Missing, |bits| Cell::Number(f64::from_bits(bits))),
            time.map_or(Cell::Missing, Cell::Time),
        ]).collect();
        let expected = rows.iter().map(|row| {
            let named = columns();
            let cells = named.iter().zip(row).map(|(column, cell)| format!("{}={}", column.name, exact(cell)));
            cells.collect::<String>()
        });
        let expected: Vec<String> = expected.collect();
        prop_assert_eq!(read_back(written(Format::Parquet, &rows)), expected);
    }

    #[test]
    fn csv_keeps_texts_and_lets_none_begin_a_formula(text in any::<String>()) {
        let row = [Cell::Text(&text), Cell::Integer(1), Cell::Missing, Cell::Missing];
        let file = String::from_utf8(written(Format::Csv, &[row])).unwrap();
        let rows = read_csv(&file);
        prop_assert_eq!(rows.len(), 2);
        let cell = &rows[1][0];
        prop_assert!(*cell == text || cell.strip_prefix('\'') == Some(text.as_str()));
        let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\0']);
        prop_assert!(!begins || cell.parse::<f64>().is_ok());
    }

    #[test]
    fn doubles_as_text_read_back_as_they_were(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let back = cupola_domain::metric::parse_non_finite(&number(value))
            .unwrap_or_else(|| number(value).parse().unwrap());
        prop_assert!(back.to_bits() == bits || back.is_nan() && value.is_nan());
    }
}

#[test]
fn many_rows_are_written_in_groups() {
    let row = [
        Cell::Text("loss"),
        Cell::Integer(7),
        Cell::Number(0.5),
        Cell::Time(3),
    ];
    let rows = vec![row; 70_000];
    let file = written(Format::Parquet, &rows);
    assert!(file.len() < 20_000, "{} bytes", file.len());
    assert_eq!(read_back(file).len(), rows.len());
}

#[test]
fn what_is_no_parquet_is_refused() {
    for bytes in [&b""[..], b"PAR1", b"PAR1xxxxxxxxPAR1"] {
        assert!(read_parquet(bytes::Bytes::from_static(bytes), |_| Ok(())).is_err());
    }
}
