use super::*;

#[test]
fn the_sample_has_no_fault_and_no_warning() {
    match load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config")) {
        Ok((_, warnings)) => assert!(warnings.is_empty(), "{}", told(&warnings)),
        Err(faults) => panic!("{}", told(&faults)),
    }
}

fn told(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n\n")
}
