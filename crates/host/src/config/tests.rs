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
fn sizes_and_durations_are_understood_as_people_write_them() {
    for (text, bytes) in [
        ("50MB", 50_000_000),
        ("50 mb", 50_000_000),
        ("50M", 50 << 20),
        ("50mib", 50 << 20),
        ("64k", 64 << 10),
        ("1TB", 1_000_000_000_000),
        ("2GiB", 2 << 30),
        ("10B", 10),
    ] {
        let pairs = [("SIZE", text)];
        let mut config = config(&pairs);
        assert_eq!(config.bytes("SIZE", 0), bytes, "{text}");
        assert!(config.finish(()).is_ok(), "{text}");
    }
    for (text, seconds) in [("20", 20), ("20s", 20), ("2 min", 120), ("1h", 3_600), ("0", 0), ("3 seconds", 3)] {
        let pairs = [("WAIT", text), ("WAIT_MS", text)];
        let mut config = config(&pairs);
        assert_eq!(config.duration("WAIT", Duration::MAX, ..), Duration::from_secs(seconds), "{text}");
        let is_alone = text.parse::<u64>().is_ok();
        let ms = if is_alone { seconds } else { seconds * 1_000 };
        assert_eq!(config.milliseconds("WAIT_MS", 1, ..), ms, "{text}");
        assert!(config.finish(()).is_ok(), "{text}");
    }
    for text in ["50XB", "MB", "-1", "1e3", "99999999999TB"] {
        let pairs = [("SIZE", text)];
        let mut config = config(&pairs);
        config.bytes("SIZE", 0);
        assert!(config.finish(()).is_err(), "{text}");
    }
}

#[test]
fn a_misspelt_name_is_answered_with_the_one_that_is_meant() {
    let mut config = config(&[]);
    for name in ["PALAVER_LISTEN", "PALAVER_TRUSTED_PROXIES", "PALAVER_LIMITS_UPLOAD_BYTES", "DATABASE_URL"] {
        config.optional(name);
    }
    let unknown = [
        ("PALAVER_LISTN", "did you mean PALAVER_LISTEN?"),
        ("PALAVER_LITSEN", "did you mean PALAVER_LISTEN?"),
        ("PALAVER_TRUSTED_PROXY", "did you mean PALAVER_TRUSTED_PROXIES?"),
        ("PALAVER_UPLOAD_BYTES", "did you mean PALAVER_LIMITS_UPLOAD_BYTES?"),
        ("PALAVER_PORT", "did you mean PALAVER_LISTEN?"),
        ("PALAVER_DATABASE_URL", "did you mean DATABASE_URL?"),
        ("PALAVER_UNHEARD_OF", "list all settings"),
    ];
    let names: Vec<String> = unknown.iter().map(|(name, _)| (*name).to_owned()).collect();
    config.refuse_unknown(&names);
    let errors = config.finish(()).expect_err("none is a setting");
    for (problem, (name, advice)) in errors.problems().iter().zip(unknown) {
        assert_eq!(problem.key, name);
        assert!(problem.message.contains(advice), "{name}: {}", problem.message);
    }
}

#[test]
fn each_default_is_known_as_text() {
    let mut config = config(&[]);
    config.duration("WAIT", Duration::from_secs(90), ..);
    config.bytes("SIZE", 25 << 20);
    config.flag("FLAG", true);
    config.text("TEXT", "info");
    config.optional("NONE");
    let shown: Vec<Option<&str>> = config.asked().values().map(Option::as_deref).collect();
    assert_eq!(shown, [Some("true"), None, Some("25MiB"), Some("info"), Some("90s")]);
}

#[test]
fn a_file_uses_the_names_of_the_environment() {
    let file =
        from_toml("PALAVER", "listen = \"[::1]:1\"\n[limits]\nupload-bytes = 5\nnets = [\"a\", \"b\"]").expect("valid");
    assert_eq!(file["PALAVER_LISTEN"], "[::1]:1");
    assert_eq!(file["PALAVER_LIMITS_UPLOAD_BYTES"], "5");
    assert_eq!(file["PALAVER_LIMITS_NETS"], "a,b");
}
