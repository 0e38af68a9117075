//! Tests registration, sign-in, and changes to the own account.

use serde_json::json;
use service::auth::AuthSettings;

use crate::caller::{PASSWORD, server, server_with};

#[tokio::test]
async fn registering_signs_in_and_the_first_user_is_admin() {
    let server = server();
    let ada = server.register("Ada").await;
    assert_eq!((ada.body["expires_in"].as_u64(), &ada.body["user"]["name"]), (Some(900), &json!("Ada")));
    assert_eq!(ada.body["user"]["admin"], true);
    assert_eq!(ada.headers["cache-control"], "no-store");
    let bob = server.register("bob").await;
    assert_eq!(bob.body["user"]["admin"], false);
    let me = server.signed_in(&bob).get("/me").await.is(200);
    assert_eq!((me.text("name"), &me.body["email"]), ("bob", &json!(null)));
}

#[tokio::test]
async fn users_sign_in_by_name_in_any_case_and_not_by_email() {
    let server = server();
    let body = |name: &str| json!({ "name": name, "password": PASSWORD, "email": "Ada@Example.org" });
    let ada = server.post("/register", body("ada")).await.is(201);
    for name in ["ada", "ADA", " ada "] {
        let again = server.login(name, PASSWORD).await.is(200);
        assert_eq!(again.body["user"]["id"], ada.body["user"]["id"], "{name}");
    }
    for name in ["ada@example.org", "ADA@EXAMPLE.ORG"] {
        server.login(name, PASSWORD).await.refused(401, "unauthenticated");
    }
    // The answer does not reveal that another account has the address.
    let bob = server.post("/register", body("bob")).await.is(201);
    assert_eq!(server.signed_in(&bob).get("/me").await.is(200).text("email"), "ada@example.org");
    let eve = server.register("eve").await;
    let patch = json!({ "email": "ada@example.org", "old_password": PASSWORD });
    assert_eq!(server.signed_in(&eve).patch("/me", patch).await.is(200).text("email"), "ada@example.org");
}

#[tokio::test]
async fn every_failed_sign_in_has_the_same_body() {
    let server = server();
    server.register("ada").await;
    let guest = server.post("/guest", json!({ "name": "eve" })).await.is(201);
    let guest = guest.body["user"]["name"].as_str().expect("a name").to_owned();
    let wrong = server.login("ada", "a wrong password").await;
    wrong.refused(401, "unauthenticated");
    for name in ["nobody", "nobody@example.org", "", "\u{202e}", &guest, &"x".repeat(10_000)] {
        let answer = server.login(name, "a wrong password").await;
        assert_eq!((answer.status, &answer.body), (wrong.status, &wrong.body), "{name}");
    }
    let long = server.login("ada", &"x".repeat(100_000)).await;
    assert_eq!((long.status, &long.body), (wrong.status, &wrong.body));
}

#[tokio::test]
async fn a_failed_sign_in_takes_the_same_time_for_known_and_unknown() {
    let server = server();
    server.register("ada").await;
    // The minimum of many measurements is what the work takes, however busy the machine is: it only falls. Without the
    // work for the unknown name, the two would never come close to each other.
    let mut least = [std::time::Duration::MAX; 2];
    for round in 1.. {
        for (least, name) in least.iter_mut().zip(["ada", "nobody"]) {
            let began = std::time::Instant::now();
            server.login(name, "a wrong password").await.is(401);
            *least = began.elapsed().min(*least);
        }
        let [known, unknown] = least;
        if round >= 5 && (0.5..2.0).contains(&(known.as_secs_f64() / unknown.as_secs_f64())) {
            break;
        }
        assert!(round < 60, "{known:?} and {unknown:?}");
    }
}

#[tokio::test]
async fn a_look_alike_of_a_taken_name_is_refused() {
    let server = server();
    server.register("paypal").await;
    // Cyrillic а and р, Greek ο, full width, mathematical letters, digits for letters.
    for name in ["PayPal", "p\u{430}ypal", "\u{440}aypal", "paypa1", "\u{ff50}aypal", "\u{1d429}aypal"] {
        let answer = server.post("/register", json!({ "name": name, "password": PASSWORD })).await;
        answer.refused(409, "conflict");
    }
    server.register("paypai").await;
}

#[tokio::test]
async fn invalid_values_are_refused_with_a_reason() {
    let server = server();
    for body in [
        json!({ "name": "", "password": PASSWORD }),
        json!({ "name": "a b", "password": PASSWORD }),
        json!({ "name": "ada\u{202e}", "password": PASSWORD }),
        json!({ "name": "me", "password": PASSWORD }),
        json!({ "name": "aIl", "password": PASSWORD }),
        json!({ "name": "Admin", "password": PASSWORD }),
        json!({ "name": "ADMlN", "password": PASSWORD }),
        json!({ "name": "x".repeat(33), "password": PASSWORD }),
        json!({ "name": "ada", "password": "short" }),
        json!({ "name": "ada", "password": "x".repeat(257) }),
        json!({ "name": "ada", "password": "PassWord" }),
        json!({ "name": "ada", "password": "12345678" }),
        json!({ "name": "ada", "password": "        " }),
        json!({ "name": "ada", "password": "\0\0\0\0\0\0\0\0" }),
        json!({ "name": "ada", "password": "ada.12345" }),
        json!({ "name": "ada", "password": PASSWORD, "email": "nowhere" }),
        json!({ "name": "ada" }),
        json!({ "name": 7, "password": PASSWORD }),
        json!([]),
    ] {
        server.post("/register", body).await.refused(400, "bad_request");
    }
    let answer = server.post("/register", json!({ "name": 7, "password": PASSWORD })).await;
    assert!(answer.text("detail").contains("`name`"), "{}", answer.body);
}

#[tokio::test]
async fn a_guest_gets_a_suffix_if_the_name_is_taken_and_keeps_the_id() {
    let server = server();
    let first = server.post("/guest", json!({ "name": "bob" })).await.is(201);
    assert_eq!((&first.body["user"]["name"], &first.body["user"]["guest"]), (&json!("bob"), &json!(true)));
    let second = server.post("/guest", json!({ "name": "Bob" })).await.is(201);
    let name = second.body["user"]["name"].as_str().expect("a name");
    assert!(name.starts_with("Bob-") && name.len() == 8, "{name}");

    let guest = server.post("/guest", json!({ "name": "ada-l" })).await.is(201);
    let as_guest = server.signed_in(&guest);
    as_guest.patch("/me", json!({ "name": "ada" })).await.refused(403, "forbidden");
    let ada = as_guest.register("ada").await;
    assert_eq!(ada.body["user"]["id"], guest.body["user"]["id"]);
    assert_eq!((&ada.body["user"]["guest"], &ada.body["user"]["name"]), (&json!(false), &json!("ada")));
    assert!(ada.body["refresh_token"].is_string());
    server.signed_in(&ada).get("/me").await.is(200);
    server.login("ada", PASSWORD).await.is(200);
    as_guest
        .with_token("broken")
        .post("/register", json!({ "name": "eve", "password": PASSWORD }))
        .await
        .refused(401, "unauthenticated");
}

#[tokio::test]
async fn people_sign_in_with_their_full_names() {
    let server = server();
    for (typed, handle) in
        [("Maria Gómez", "mariagomez"), ("李 小龙", "李小龙"), ("O'Neill, Jean-Luc", "oneilljeanluc")]
    {
        let user = server.post("/guest", json!({ "name": typed })).await.is(201).body["user"].clone();
        assert_eq!((&user["name"], &user["display_name"]), (&json!(handle), &json!(typed)));
    }
    let user = server.post("/guest", json!({ "name": "Maria Gomez" })).await.is(201).body["user"].clone();
    assert!(user["name"].as_str().is_some_and(|name| name.starts_with("mariagomez-")), "{user}");
    assert_eq!(user["display_name"], "Maria Gomez");

    let body = json!({ "name": "ada", "display_name": "Ada Lovelace", "password": PASSWORD });
    let ada = server.post("/register", body).await.is(201);
    assert_eq!(ada.body["user"]["display_name"], "Ada Lovelace");
    assert_eq!(server.signed_in(&ada).get("/me").await.is(200).body["display_name"], "Ada Lovelace");

    for impersonates in ["System", "ada", "a\u{202e}b"] {
        let body = json!({ "name": "eve", "display_name": impersonates, "password": PASSWORD });
        let answer = server.post("/register", body).await;
        answer.refused(400, "bad_request");
    }
    server.post("/guest", json!({ "name": "@ada" })).await.refused(400, "bad_request");
}

#[tokio::test]
async fn a_guest_who_registers_may_change_the_name_that_others_see() {
    let server = server();
    let guest = server.post("/guest", json!({ "name": "Maria Gómez" })).await.is(201);
    let as_guest = server.signed_in(&guest);
    let body = json!({ "name": "maria", "display_name": "Maria G.", "password": PASSWORD });
    let maria = as_guest.post("/register", body).await.is(201);
    assert_eq!(maria.body["user"]["id"], guest.body["user"]["id"]);
    assert_eq!(
        (&maria.body["user"]["name"], &maria.body["user"]["display_name"]),
        (&json!("maria"), &json!("Maria G."))
    );
}

#[tokio::test]
async fn guests_and_registration_can_be_disabled() {
    let server = server_with(AuthSettings { guests: false, registration: false, ..AuthSettings::default() });
    server.post("/guest", json!({ "name": "ada" })).await.refused(403, "forbidden");
    server.post("/register", json!({ "name": "ada", "password": PASSWORD })).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_patch_changes_only_the_given_fields() {
    let server = server();
    let ada = server.register("ada").await;
    server.register("bob").await;
    let ada = server.signed_in(&ada);
    let both = json!({ "display_name": "Ada L.", "email": "a@example.org", "old_password": PASSWORD });
    let changed = ada.patch("/me", both).await.is(200);
    assert_eq!(
        (changed.text("name"), changed.text("display_name"), changed.text("email")),
        ("ada", "Ada L.", "a@example.org")
    );
    let none = json!({ "display_name": "", "email": " ", "old_password": PASSWORD });
    let cleared = ada.patch("/me", none).await.is(200);
    assert_eq!((cleared.body.get("display_name"), &cleared.body["email"]), (None, &json!(null)));
    let rename = |name: &str| json!({ "name": name, "old_password": PASSWORD });
    assert_eq!(ada.patch("/me", rename("lovelace")).await.is(200).text("name"), "lovelace");
    ada.patch("/me", rename("BOB")).await.refused(409, "conflict");
    for patch in [
        json!({ "password": "another password" }),
        json!({ "name": "ada" }),
        json!({ "email": "a@example.org" }),
        json!({ "email": "" }),
    ] {
        let refused = ada.patch("/me", patch).await;
        refused.refused(400, "bad_request");
        assert!(refused.text("detail").contains("`old_password`"), "{}", refused.body);
    }
    for patch in [json!({ "name": "ada", "old_password": "wrong" }), json!({ "email": "", "old_password": "wrong" })] {
        ada.patch("/me", patch).await.refused(403, "forbidden");
    }
    let wrong = json!({ "password": "another password", "old_password": "wrong" });
    ada.patch("/me", wrong).await.refused(403, "forbidden");
    let right = json!({ "password": "another password", "old_password": PASSWORD });
    ada.patch("/me", right).await.is(200);
    server.login("lovelace", "another password").await.is(200);
    server.login("ada", PASSWORD).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn users_are_found_page_by_page() {
    let server = server();
    let ada = server.register("ada").await;
    for name in ["adam", "Adele", "bob"] {
        server.register(name).await;
    }
    let ada = server.signed_in(&ada);
    let names = |answer: &crate::caller::Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().expect("a list");
        items.iter().map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
    };
    let first = ada.get("/users?prefix=AD&limit=2").await.is(200);
    assert_eq!(names(&first), ["ada", "adam"]);
    let second = ada.get(&format!("/users?prefix=ad&limit=2&after={}", first.text("next"))).await.is(200);
    assert_eq!((names(&second), &second.body["next"]), (vec!["Adele".to_owned()], &json!(null)));
    assert_eq!(names(&ada.get("/users").await.is(200)).len(), 4);
    assert!(!first.body.to_string().contains("email"));
    server.get("/users?prefix=a").await.refused(401, "unauthenticated");

    let guest = server.post("/guest", json!({ "name": "eve" })).await.is(201);
    let guest = server.signed_in(&guest);
    for query in ["", "?prefix=", "?prefix=ad", "?after=a", "?prefix=a&limit=100"] {
        assert!(names(&guest.get(&format!("/users{query}")).await.is(200)).is_empty(), "{query}");
    }
    let found = guest.get("/users?prefix=ada&limit=1").await.is(200);
    assert_eq!((names(&found).len(), &found.body["next"]), (1, &json!(null)));
    ada.get("/users?limit=-1").await.refused(400, "bad_request");
}

#[tokio::test]
async fn users_are_found_by_any_part_of_their_names() {
    let server = server();
    let ada = server.register("ada").await;
    let ada = server.signed_in(&ada);
    for (name, shown) in [("mgomez", "Maria Gómez"), ("zoe", "Zoë Müller"), ("magda", "Magda Nowak"), ("xu", "徐 小明")]
    {
        server.post("/register", json!({ "name": name, "display_name": shown, "password": PASSWORD })).await.is(201);
    }
    let found = async |query: &str| -> Vec<String> {
        let page = ada.get(&format!("/users?{query}")).await.is(200).body;
        page["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|user| user["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    for (part, expected) in [
        ("gomez", vec!["mgomez"]),
        ("G%C3%B3m", vec!["mgomez"]),
        ("mar%20gom", vec!["mgomez"]),
        ("ma", vec!["magda", "mgomez"]),
        ("oe", vec!["zoe"]),
        ("MULL", vec!["zoe"]),
        ("%E5%B0%8F", vec!["xu"]),
        ("nobody", vec![]),
        ("", vec![]),
        ("%20", vec![]),
    ] {
        assert_eq!(found(&format!("part={part}")).await, expected, "{part}");
    }
    let first = ada.get("/users?part=m&limit=1").await.is(200).body;
    let next = first["next"].as_str().expect("another page");
    assert_eq!(found(&format!("part=m&limit=5&after={next}")).await, ["mgomez", "zoe"]);
    let long = "%EF%B7%BA".repeat(300);
    assert_eq!(found(&format!("part={long}")).await, Vec::<String>::new());

    let guest = server.post("/guest", json!({ "name": "eve" })).await.is(201);
    let guest = server.signed_in(&guest);
    assert_eq!(guest.get("/users?part=ma").await.is(200).body["items"], json!([]), "guests do not list everybody");
    assert_eq!(guest.get("/users?part=gomez").await.is(200).body["items"][0]["name"], "mgomez");
}
