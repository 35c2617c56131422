use super::scan;
use super::source::Bytes;
use serde_json::Value as Json;

fn look(name: &str, content: &[u8]) -> Json {
    scan(&mut Bytes(content.to_vec()), name)
}
/// "critical pickle.import", "warning …", in order.
fn codes(report: &Json) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|it| format!("{} {}", it["severity"].as_str().unwrap(), it["code"].as_str().unwrap())).collect()
}

const RUNS: &[u8] = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.";

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut all, mut list) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let (size, at) = ((content.len() as u32).to_le_bytes(), (all.len() as u32).to_le_bytes());
        let name_size = (name.len() as u16).to_le_bytes();
        all.extend_from_slice(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        all.extend_from_slice(&[&size[..], &size, &name_size, &[0, 0]].concat());
        all.extend_from_slice(name.as_bytes());
        all.extend_from_slice(content);
        list.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        list.extend_from_slice(&[&size[..], &size, &name_size, &[0; 12], &at].concat());
        list.extend_from_slice(name.as_bytes());
    }
    let (start, count) = ((all.len() as u32).to_le_bytes(), (entries.len() as u16).to_le_bytes());
    let size = (list.len() as u32).to_le_bytes();
    all.extend_from_slice(&list);
    all.extend_from_slice(&[b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &start, &[0, 0]].concat());
    all
}

fn tar_of(entries: &[(&str, u8, &str, &[u8])]) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, kind, link, content) in entries {
        let mut head = [0u8; 512];
        head[..name.len()].copy_from_slice(name.as_bytes());
        head[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        head[156] = *kind;
        head[157..157 + link.len()].copy_from_slice(link.as_bytes());
        head[257..262].copy_from_slice(b"ustar");
        all.extend_from_slice(&head);
        all.extend_from_slice(content);
        all.resize(all.len().div_ceil(512) * 512, 0);
    }
    all.resize(all.len() + 1024, 0);
    all
}

#[test]
fn a_pickle_that_runs_a_program_is_critical_however_it_is_written() {
    let hidden_by_junk = b"\x80\x04\x8c\x05posix\x8c\x06systemK\x010\x93\x8c\x02id\x85R.";
    let through_the_memo = b"\x80\x02X\x05\0\0\0posixq\0X\x06\0\0\0systemq\x010h\x01\x93.";
    for pickle in [
        b"cos\nsystem\n(S'echo'\ntR.".as_slice(),
        b"(S'echo'\nios\nsystem\n.",
        RUNS,
        hidden_by_junk,
        b"c__builtin__\neval\n(V1\ntR.",
    ] {
        let report = look("model.pkl", pickle);
        assert_eq!(report["format"], "pickle", "{report}");
        assert_eq!(codes(&report), ["critical pickle.import"], "{report}");
    }
    let report = look("model.pkl", through_the_memo);
    assert_eq!(codes(&report), ["critical pickle.import"], "{report}");
}

#[test]
fn a_name_that_is_computed_is_critical() {
    let report = look("model.pkl", b"\x80\x04\x8c\x02os(\x8c\x06systemt\x93.");
    assert_eq!(codes(&report), ["critical pickle.hidden-import"], "{report}");
}

#[test]
fn the_name_of_a_file_does_not_hide_a_pickle() {
    assert_eq!(codes(&look("notes.txt", RUNS)), ["critical pickle.import"]);
    assert_eq!(codes(&look("notes.txt", b"cos\nsystem\n(S'echo'\ntR.")), ["critical pickle.import"]);
}

#[test]
fn a_second_pickle_is_seen() {
    let two = [b"\x80\x02K\x01.".as_slice(), RUNS].concat();
    assert_eq!(codes(&look("old.pt", &two)), ["critical pickle.import"]);
}

#[test]
fn what_breaks_off_after_a_call_is_seen() {
    assert_eq!(
        codes(&look("model.joblib", &[&RUNS[..RUNS.len() - 1], b"\xff\xff array"].concat())),
        ["critical pickle.import"]
    );
}

#[test]
fn what_comes_after_an_array_is_searched() {
    let array = [b"\x80\x04K\x01\x8c\x05numpy\x8c\x07ndarray\x93)R\xff".as_slice(), &[7u8; 5000]].concat();
    for more in [b"cos\nsystem\n(S'x'\ntR.".as_slice(), &RUNS[2..], b"X\x02\0\0\0osq\x01X\x06\0\0\0systemq\x02\x93"] {
        assert_eq!(codes(&look("model.joblib", &[&array, more].concat())), ["critical pickle.import"]);
    }
    assert!(codes(&look("model.joblib", &array)).is_empty());
}

#[test]
fn plain_values_and_texts_have_no_findings() {
    for (name, content) in [
        ("model.pkl", b"\x80\x04\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R.".as_slice()),
        ("model.pkl", b"\x80\x02csklearn.linear_model\nLogisticRegression\nq\0)\x81q\x01}q\x02b."),
        ("notes.txt", b"In the beginning was the word.\n"),
        ("(a.txt", b"(1, 2)\n."),
        ("empty", b""),
    ] {
        let report = look(name, content);
        assert!(codes(&report).is_empty(), "{name}: {report}");
        assert_eq!(report["complete"], true);
    }
    assert_eq!(look("notes.txt", b"In the beginning.\n")["format"], "unknown");
}

#[test]
fn an_unknown_import_and_an_unreadable_pickle_are_warnings() {
    assert_eq!(codes(&look("m.pkl", b"cmymodule\nThing\n)R.")), ["warning pickle.unknown-import"]);
    assert_eq!(codes(&look("m.pkl", b"\xff\xfe no pickle")), ["warning pickle.unreadable"]);
}

#[test]
fn archives_are_looked_into() {
    let torch = zip_of(&[("archive/data.pkl", RUNS), ("archive/data/0", &[0; 64])]);
    let report = look("model.pt", &torch);
    assert_eq!(
        (report["format"].as_str(), codes(&report)),
        (Some("pytorch"), vec!["critical pickle.import".to_string()])
    );
    assert_eq!(report["findings"][0]["place"], "archive/data.pkl");
    let nested = tar_of(&[("inner.zip", b'0', "", &torch)]);
    let report = look("model.nemo", &nested);
    assert_eq!(report["findings"][0]["place"], "inner.zip/archive/data.pkl");
}

#[test]
fn archives_that_leave_their_folder_are_critical() {
    for name in ["../evil", "/etc/passwd", "C:\\evil", "a/../../evil"] {
        assert_eq!(codes(&look("a.zip", &zip_of(&[(name, b"x")]))), ["critical archive.path"], "{name}");
        assert_eq!(codes(&look("a.tar", &tar_of(&[(name, b'0', "", b"x")]))), ["critical archive.path"], "{name}");
    }
    assert_eq!(codes(&look("a.tar", &tar_of(&[("in", b'2', "../../out", b"")]))), ["critical archive.path"]);
    assert_eq!(codes(&look("a.tar", &tar_of(&[("null", b'3', "", b"")]))), ["critical archive.path"]);
    assert!(codes(&look("a.zip", &zip_of(&[("fine/..name", b"x")]))).is_empty());
}

#[test]
fn an_archive_whose_headers_disagree_is_critical() {
    let mut archive = zip_of(&[("good.txt", b"x"), ("good.bin", b"x")]);
    let at = archive.windows(8).position(|it| it == b"good.bin").unwrap();
    archive[at..at + 8].copy_from_slice(b"evil.bin");
    assert_eq!(codes(&look("a.zip", &archive)), ["critical zip.ambiguous"]);
}

#[test]
fn a_bomb_is_critical_and_not_unpacked() {
    let mut bomb = zip_of(&[("a", b"x")]);
    let at = bomb.windows(4).rposition(|it| it == b"PK\x01\x02").unwrap();
    bomb[at + 24..at + 28].copy_from_slice(&0xf000_0000u32.to_le_bytes());
    let report = look("a.zip", &bomb);
    assert_eq!(codes(&report), ["critical archive.bomb"]);
    assert_eq!(report["complete"], false);
}

#[test]
fn keras_lambdas_are_critical() {
    let config =
        br#"{"class_name":"Functional","config":{"layers":[{"module":"keras.layers","class_name":"Lambda"}]}}"#;
    let model = zip_of(&[("config.json", config), ("model.weights.h5", b"x")]);
    let report = look("m.keras", &model);
    assert_eq!((report["format"].as_str(), codes(&report)), (Some("keras"), vec!["critical keras.lambda".to_string()]));
    let old = [b"\x89HDF\r\n\x1a\n".as_slice(), &[0; 3000], br#"{"class_name": "Lambda"}"#].concat();
    assert_eq!(codes(&look("m.h5", &old)), ["critical keras.lambda"]);
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn safetensors_headers_fit_their_bytes() {
    let good = r#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let report = look("m.safetensors", &safetensors(good, 24));
    assert!(codes(&report).is_empty(), "{report}");
    assert_eq!((&report["facts"]["tensors"], &report["facts"]["metadata.format"]), (&1.into(), &"pt".into()));
    for (header, data) in [
        (good, 23),
        (r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,20]}}"#, 24),
        (r#"{"w":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#, 8),
        (r#"{"w":{"dtype":"U8","shape":[18446744073709551615,2],"data_offsets":[0,4]}}"#, 4),
        ("[]", 0),
    ] {
        assert_eq!(
            codes(&look("m.safetensors", &safetensors(header, data))),
            ["warning safetensors.header"],
            "{header}"
        );
    }
    assert_eq!(codes(&look("m.safetensors", b"short")), ["warning safetensors.header"]);
}

#[test]
fn gguf_templates_that_reach_out_are_critical() {
    let pair = |template: &str| {
        let word = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
        let head = [b"GGUF\x03\0\0\0".as_slice(), &0u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
        [head, word("tokenizer.chat_template"), vec![8, 0, 0, 0], word(template)].concat()
    };
    assert_eq!(codes(&look("m.gguf", &pair("{{ ''.__class__.__mro__ }}"))), ["critical gguf.template"]);
    assert!(codes(&look("m.gguf", &pair("{{ messages }}"))).is_empty());
    assert_eq!(codes(&look("m.gguf", b"GGUF\x03\0\0\0")), ["warning gguf.header"]);
}

#[test]
fn onnx_tensors_outside_the_folder_are_critical() {
    let bytes = |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
    let model = |path: &str| {
        let entry = [bytes(1, b"location"), bytes(2, path.as_bytes())].concat();
        bytes(7, &bytes(5, &bytes(13, &entry)))
    };
    assert_eq!(codes(&look("m.onnx", &model("../../etc/shadow"))), ["critical onnx.external-path"]);
    assert!(codes(&look("m.onnx", &model("weights.bin"))).is_empty());
    assert_eq!(codes(&look("m.onnx", b"no model")), ["warning onnx.unreadable"]);
}

#[test]
fn an_array_of_objects_is_a_pickle() {
    let header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    let array = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), RUNS].concat();
    assert_eq!(codes(&look("a.npy", &array)), ["info npy.objects", "critical pickle.import"]);
}

#[test]
fn no_bytes_make_it_fail() {
    let seeds = [zip_of(&[("a.pkl", RUNS)]), tar_of(&[("a", b'0', "", RUNS)]), RUNS.to_vec(), safetensors("{}", 4)];
    let mut state = 88_172_645_463_325_252u64;
    for round in 0..4000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = state as usize % bytes.len();
            bytes[at] = (state >> 32) as u8;
        }
        look("model.pkl", &bytes);
    }
}
