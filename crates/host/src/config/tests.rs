use super::*;

fn config<'a>(pairs: &'a [(&'a str, &'a str)]) -> Config<'a> {
    Config::from_lookup(|key| pairs.iter().find(|(k, _)| *k == key).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut config =
        config(&[("PORT", "99999"), ("WAIT", "soon"), ("URL", "ftp://x"), ("FLAG", "perhaps"), ("N", "7")]);
    config.parse::<u16>("PORT", 80);
    config.duration("WAIT", Duration::ZERO, ..);
    config.url("URL", &["http", "https"]);
    config.flag("FLAG", false);
    config.within("N", 1, 1..=5);
    config.required("NAME");
    let errors = config.finish(()).expect_err("six problems");
    let keys: Vec<&str> = errors.problems().iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["PORT", "WAIT", "URL", "FLAG", "N", "NAME"]);
    assert_eq!(errors.to_string().lines().count(), 7);
}

#[test]
fn a_problem_does_not_repeat_a_value_that_may_be_secret() {
    let mut config = config(&[("FLAG", "hunter2"), ("WAIT", "hunter2"), ("URL", "hunter2"), ("SIZE", "hunter2")]);
    config.flag("FLAG", false);
    config.duration("WAIT", Duration::ZERO, ..);
    config.url("URL", &["https"]);
    config.bytes("SIZE", 0);
    assert!(!config.finish(()).expect_err("four problems").to_string().contains("hunter2"));
}

#[test]
fn units_are_understood() {
    let mut config = config(&[("A", "250ms"), ("B", "7d"), ("C", "25MiB"), ("D", " "), ("E", "a, b,,c")]);
    assert_eq!(config.duration("A", Duration::ZERO, ..), Duration::from_millis(250));
    assert_eq!(config.duration("B", Duration::ZERO, ..), Duration::from_secs(7 * 86_400));
    assert_eq!(config.bytes("C", 0), 25 * 1024 * 1024);
    assert_eq!(config.text("D", "default"), "default", "an empty value counts as unset");
    assert_eq!(config.list::<String>("E"), ["a", "b", "c"]);
    assert!(config.finish(()).is_ok());
}

#[test]
fn a_file_uses_the_names_of_the_environment() {
    let file =
        from_toml("PALAVER", "listen = \"[::1]:1\"\n[limits]\nupload-bytes = 5\nnets = [\"a\", \"b\"]").expect("valid");
    assert_eq!(file["PALAVER_LISTEN"], "[::1]:1");
    assert_eq!(file["PALAVER_LIMITS_UPLOAD_BYTES"], "5");
    assert_eq!(file["PALAVER_LIMITS_NETS"], "a,b");
}
