use super::*;

fn one(url: &str) -> (String, Option<String>, Option<String>, i64) {
    match Topology::parse(url) {
        Ok(Topology::One(info)) => {
            let settings = info.redis_settings();
            assert_eq!(settings.protocol(), ProtocolVersion::RESP3);
            let text = |value: Option<&str>| value.map(str::to_owned);
            (info.addr().to_string(), text(settings.username()), text(settings.password()), settings.db())
        }
        Ok(_) => panic!("another form"),
        Err(error) => panic!("{error}"),
    }
}

fn error(url: &str) -> InvalidUrl {
    Topology::parse(url).err().expect("it cannot be used")
}

#[test]
fn one_server_with_all_parts_of_a_url() {
    assert_eq!(one("redis://cache"), ("cache:6379".into(), None, None, 0));
    assert_eq!(one("redis://:s%40cret@cache:7000/3"), ("cache:7000".into(), None, Some("s@cret".into()), 3));
    assert_eq!(one("rediss://ada:pw@[::1]:7000/").1, Some("ada".into()));
    assert_eq!(one("redis://127.0.0.1:1?db=2").3, 2);
    let Ok(Topology::One(info)) = Topology::parse("rediss://cache") else { panic!("one server") };
    assert!(matches!(info.addr(), redis::ConnectionAddr::TcpTls { insecure: false, .. }));
}

#[test]
fn sentinels_name_a_master() {
    let url = "redis+sentinel://:pw@a:1,b/main?db=4&sentinel_password=spw";
    let Ok(Topology::Sentinel { sentinels, master, .. }) = Topology::parse(url) else { panic!("sentinels") };
    let addresses: Vec<String> = sentinels.iter().map(|info| info.addr().to_string()).collect();
    assert_eq!((addresses, master), (vec!["a:1".to_owned(), "b:26379".to_owned()], "main".to_owned()));
    assert!(sentinels.iter().all(|info| info.redis_settings().password() == Some("spw")));
}

#[test]
fn a_cluster_is_given_by_some_of_its_servers() {
    let Ok(Topology::Cluster(servers)) = Topology::parse("rediss+cluster://u:pw@a:1,b:2,c") else {
        panic!("a cluster")
    };
    let addresses: Vec<String> = servers.iter().map(|info| info.addr().to_string()).collect();
    assert_eq!(addresses, ["a:1", "b:2", "c:6379"]);
    assert!(servers.iter().all(|info| info.redis_settings().password() == Some("pw")));
}

#[test]
fn errors_do_not_contain_the_password() {
    assert_eq!(error("http://cache"), InvalidUrl::Scheme);
    assert_eq!(error("cache:6379"), InvalidUrl::Scheme);
    assert_eq!(error("redis://"), InvalidUrl::Host);
    assert_eq!(error("redis://a,b"), InvalidUrl::Host);
    assert_eq!(error("redis://a:notaport"), InvalidUrl::Host);
    assert_eq!(error("redis://a/first"), InvalidUrl::Database);
    assert_eq!(error("redis+cluster://a/1"), InvalidUrl::Database);
    assert_eq!(error("redis+sentinel://a"), InvalidUrl::Master);
    assert_eq!(error("redis://a?proto=2"), InvalidUrl::Query);
    assert!(!error("redis://:top/secret@a").to_string().contains("secret"));
}
