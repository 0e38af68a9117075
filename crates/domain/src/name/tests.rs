use super::*;
use unicode_normalization::UnicodeNormalization;

#[test]
fn names_that_look_alike_are_one() {
    let fold = |name| UserName::parse(name).expect("valid").folded();
    assert_eq!(fold("Ada"), fold("ada"));
    assert_eq!(fold("\u{430}da"), fold("ada"), "Cyrillic a");
    assert_eq!(fold("paypal"), fold("paypa1").replace('1', "l"));
    assert_ne!(fold("ada"), fold("adb"));
}

#[test]
fn folding_is_stable() {
    for name in ["Ada", "Zoë", "O0Il1", "名前", "Straße"] {
        assert_eq!(fold(name), fold(&fold(name)), "{name}");
    }
}

#[test]
fn bad_names_are_refused_with_a_reason() {
    for bad in ["", "a", "a b", "-ab", "me", "ab\u{202e}", &"x".repeat(33), "m\u{435}", "SYST\u{415}M"] {
        assert!(UserName::parse(bad).is_err(), "{bad:?}");
    }
    for invisible in ["\u{3164}\u{3164}", "ada\u{3164}", "ab\u{115f}\u{1160}", "\u{ffa0}\u{ffa0}"] {
        assert!(UserName::parse(invisible).is_err(), "{invisible:?}");
        assert!(DisplayName::parse(invisible).is_err(), "{invisible:?}");
    }
    for nothing in ["\u{200b}", "\u{2060}", "\u{ad}", "\u{200d}\u{fe0f}", "\u{180e}", "\u{feff}"] {
        assert!(RoomName::parse(nothing).is_err(), "{nothing:?}");
    }
    for seen in ["👩‍👩‍👧", "نمی‌دانم", "❤️"] {
        assert!(DisplayName::parse(seen).is_ok(), "{seen:?}");
    }
    assert!(Slug::parse("general").is_ok());
    for bad in ["", "General", "a/b", "..", "0192f0c1-5b1c-7a0e-8000-000000000001"] {
        assert!(Slug::parse(bad).is_err(), "{bad:?}");
    }
    assert!(RoomName::parse("Tea & talk ☕").is_ok());
    assert!(DisplayName::parse("a\u{202e}b").is_err());
}

#[test]
fn names_of_all_living_scripts_are_accepted() {
    for name in [
        "कृष्ण",
        "ป้อม",
        "தமிழ்",
        "ស្រី",
        "မောင်",
        "မြွှော်",
        "বাংলা",
        "ಕನ್ನಡ",
        "മലയാളം",
        "සිංහල",
        "ਪੰਜਾਬੀ",
        "ລາວ",
        "שָׁלוֹם",
        "مُحَمَّد",
        "Nguyễn",
        "Ọ́ládélé",
        "김철수",
        "名前",
        "ぽち君",
        "ヴァ",
        "მარიამი",
        "Ἀλέξανδρος",
    ] {
        let parsed = UserName::parse(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(lookup_key(name), Some(parsed.folded()), "{name}");
        assert_eq!(lookup_key(&name.nfd().collect::<String>()), Some(parsed.folded()), "{name} decomposed");
    }
}

#[test]
fn joiners_are_accepted_where_a_script_needs_them_and_never_tell_two_names_apart() {
    for (with, without) in
        [("نمی\u{200c}دانم", "نمیدانم"), ("ක්\u{200d}රිෂ්", "ක්රිෂ්"), ("র\u{200d}্যাব", "র্যাব"), ("क्\u{200d}ष", "क्ष")]
    {
        let parse = |name| UserName::parse(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(parse(with).folded(), parse(without).folded(), "{with}");
    }
    for bad in ["ad\u{200d}a", "ad\u{200c}a", "\u{200c}نم", "نم\u{200c}", "क\u{200d}ष", "ad\u{fe0f}a"] {
        assert!(UserName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn marks_stay_with_letters_of_their_script() {
    for bad in [
        "a\u{94d}b",
        "ada\u{e49}",
        "ਕ\u{93e}ਕ",
        "1\u{301}a",
        "ab\u{20e3}",
        "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}b",
        "\u{301}ab",
    ] {
        assert!(UserName::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn errors_show_characters_and_no_escapes() {
    for (name, shown) in
        [("a b", "spaces"), ("a\u{94d}b", "U+094D"), ("a\u{202e}b", "U+202E"), ("a'b", "'''"), ("a💩b", "'💩'")]
    {
        let error = UserName::parse(name).expect_err("invalid").to_string();
        assert!(error.contains(shown) && !error.contains("\\u") && !error.contains("\\'"), "{error}");
    }
}

#[test]
fn what_is_too_long_is_never_normalized() {
    let started = std::time::Instant::now();
    for long in ["\u{fdfa}".repeat(87_000), format!("a{}", "\u{301}\u{316}".repeat(100_000)), "가".repeat(87_000)] {
        assert_eq!(lookup_key(&long), None);
        assert_eq!(handle_prefix(&long), None);
        assert!(
            UserName::parse(&long).is_err() && DisplayName::parse(&long).is_err() && RoomName::parse(&long).is_err()
        );
        assert!(fold(&long).chars().count() < 20_000);
    }
    assert!(started.elapsed().as_millis() < 1_000, "{:?}", started.elapsed());
}

#[test]
fn a_decomposed_name_may_be_as_long_as_a_composed_one() {
    let composed = "ệ".repeat(USER_NAME_CHARS);
    let decomposed: String = composed.nfd().collect();
    assert_eq!(UserName::parse(&decomposed).expect("valid").as_str(), composed);
    assert!(UserName::parse(&"ệ".repeat(USER_NAME_CHARS + 1)).is_err());
    assert_eq!(lookup_key("a"), None);
}

#[test]
fn names_that_look_alike_as_written_share_the_second_key() {
    let written = |name| UserName::parse(name).expect("valid").written();
    for (one, other) in
        [("Ilya", "llya"), ("will", "wiIl"), ("I1ya", "Ilya"), ("\u{41d}elen", "Helen"), ("O0ps", "OOps")]
    {
        assert_eq!(written(one), written(other), "{one} {other}");
    }
    for (one, other) in [("ilya", "llya"), ("Ada", "ada"), ("ada", "adb")] {
        assert_ne!(written(one), written(other), "{one} {other}");
    }
}

#[test]
fn reserved_names_are_refused_however_they_are_written() {
    for bad in ["all", "aIl", "ALL", "a1l", "All", "AlI", "me", "h\u{435}re", "SYSTEM"] {
        assert!(UserName::parse(bad).is_err(), "{bad}");
    }
    for bad in [
        "admin",
        "Admin",
        "ADMIN",
        "ADMlN",
        "adm\u{456}n",
        "administrator",
        "Moderator",
        "support",
        "everyone",
        "channel",
        "channeI",
        "0wner",
        "OWNER",
        "paIaver",
        "Pa1aver",
        "PALAVER",
    ] {
        let name = UserName::parse(bad).unwrap_or_else(|error| panic!("{bad}: {error}"));
        assert!(name.refuse_impersonation().is_err(), "{bad}");
    }
    for good in ["adminka", "ada", "owners", "supporter", "roomy", "al"] {
        assert!(UserName::parse(good).expect("valid").refuse_impersonation().is_ok(), "{good}");
    }
}

#[test]
fn display_names_are_visible_and_impersonate_nobody() {
    let refused = |text| DisplayName::parse(text).and_then(|name| name.refuse_impersonation()).is_err();
    for bad in [
        "",
        "  ",
        "\u{200d}",
        "\u{301}",
        "Admin",
        "[ADMIN]",
        "A d m i n",
        "\u{2605} Moderator",
        "aIl",
        "System",
        "@here",
    ] {
        assert!(refused(bad), "{bad:?}");
    }
    for stacked in [format!("Z{}", "\u{334}\u{301}\u{316}".repeat(3)), format!("ada {}", "\u{e49}".repeat(9))] {
        assert!(DisplayName::parse(&stacked).is_err(), "{stacked:?}");
    }
    for good in ["Ada Lovelace", "Ada (Admin of tea)", "कृष्ण", "ป้อม", "👩‍👩‍👧", "Ọ́ládélé", "\u{2605}"]
    {
        assert!(!refused(good), "{good:?}");
    }
}

#[test]
fn a_part_of_a_name_is_found_without_its_accents_and_in_any_case() {
    for (name, part) in [
        ("Maria Gómez", "gomez"),
        ("Maria Gomez", "GÓM"),
        ("Nguyễn Văn An", "nguyen van"),
        ("Ålesund", "ale"),
        ("İpek", "ipek"),
        ("ＡＤＡ", "ada"),
        ("Анна Йованова", "иов"),
        ("कृष्ण", "कृष"),
    ] {
        assert!(search_key(name).contains(&search_key(part)), "{name} {part}");
    }
    assert!(!search_key("कि").contains(&search_key("के")), "other vowels make other names");
}
