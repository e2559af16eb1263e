//! TLS, with certificates that `openssl` makes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use planguard::ledger::{Ledger as _, LedgerError, redis::RedisTrouble};

use crate::{
    desk::{halt, record_of, write},
    server::{Server, free_port},
};

/// Makes `ca.crt`, and `redis.key` and `redis.crt` for 127.0.0.1, in `folder`;
/// false if the machine cannot.
fn certify(folder: &Path) -> bool {
    let openssl = |args: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(args.split(' ')).stderr(Stdio::null());
        command.stdout(Stdio::null()).status().is_ok_and(|ended| ended.success())
    };
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
    let made = openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout ca.key -out ca.crt",
    ) && openssl(
        "req -newkey rsa:2048 -nodes -subj /CN=redis -keyout redis.key -out redis.csr",
    ) && openssl(
        "x509 -req -days 2 -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile names -out redis.crt",
    );
    if !made {
        println!("skipped: openssl makes no certificates here");
    }
    made
}

#[test]
fn the_certificates_of_the_system_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    if !certify(folder.path()) {
        return;
    }
    let port = free_port();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let Some(_server) = Server::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &file("redis.crt"),
        "--tls-key-file",
        &file("redis.key"),
        "--tls-auth-clients",
        "no",
    ]) else {
        return;
    };
    for (authorities, outcome) in [(file("ca.crt"), "trusts it"), (file("names"), "does not")] {
        // The variable counts for a whole process.
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tls::child", "--nocapture"])
            .env("SSL_CERT_FILE", authorities)
            .env("PLANGUARD_TEST_TLS", format!("rediss://127.0.0.1:{port}"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(said.contains(&format!("child says {outcome}")), "{child:?}");
    }
}

/// Another process of this program. Does nothing if no other test has started
/// it.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var("PLANGUARD_TEST_TLS") else { return };
    let builder = planguard::ledger::RedisLedger::builder(&url).without_shadow();
    match builder.connect().await {
        Ok(ledger) => {
            write(&ledger, "ada", halt("h-a")).await;
            assert_eq!(record_of(&ledger, "ada").await.halts.len(), 1);
            assert_eq!(ledger.place(), format!("{url}/0"));
            println!("child says trusts it");
        }
        Err(LedgerError::Unavailable { source, .. }) => {
            let trouble = source.downcast_ref::<RedisTrouble>().unwrap();
            assert!(matches!(trouble, RedisTrouble::Unreachable { .. }), "{trouble}");
            println!("child says does not");
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_port_without_tls_is_told() {
    let Some(server) = Server::start() else { return };
    let url = format!("rediss://127.0.0.1:{}", server.port);
    let builder = planguard::ledger::RedisLedger::builder(url).without_shadow();
    let error = builder.connect().await.unwrap_err();
    assert!(error.to_string().contains("a port without TLS"), "{error}");
}
