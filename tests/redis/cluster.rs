//! On a Cluster, whose nodes each have some of the keys.

use std::time::Duration;

use planguard::ledger::{Entry, Fact, Ledger};

use crate::{
    desk::{Machine, account, halt, ledger, record_of, word, write},
    server::Server,
};

/// Two nodes with half of the slots each; none if the machine has no Redis.
async fn nodes() -> Option<[Server; 2]> {
    let start = || Server::with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]);
    let nodes = [start()?, start()?];
    let () = nodes[0].does("CLUSTER ADDSLOTSRANGE 0 8191").await;
    let () = nodes[1].does("CLUSTER ADDSLOTSRANGE 8192 16383").await;
    let () = nodes[1].does("CLUSTER SET-CONFIG-EPOCH 2").await;
    let () = nodes[0].does(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[1].port)).await;
    let whole = async {
        for node in &nodes {
            loop {
                let info: String = node.does("CLUSTER INFO").await;
                if info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:2") {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), whole).await.expect("the nodes meet");
    Some(nodes)
}

#[tokio::test]
async fn the_address_of_one_node_is_enough() {
    let Some(nodes) = nodes().await else { return };
    for (node, name) in nodes.iter().zip(["a", "b"]) {
        let machine = Machine::new();
        let ledger = machine.ledger(&node.url()).await;
        for i in 0..8 {
            let name = format!("{name}{i}");
            write(&ledger, &name, halt(&format!("h-{name}"))).await;
            let hit = Fact::Hit { halt: format!("h-{name}") };
            let record = write(&ledger, &name, Entry::new(2, hit)).await;
            assert_eq!(record.halts[0].hits, 2);
        }
    }
    let here = ledger(&nodes[0].url()).await;
    assert_eq!(here.list().await.unwrap().len(), 16);
    here.acknowledge("h-b3", word()).await.unwrap();
    let there = ledger(&nodes[1].url()).await;
    assert_eq!(record_of(&there, "b3").await.halts, []);
    for node in &nodes {
        let keys: Vec<String> = node.does("KEYS *:record").await;
        assert!(!keys.is_empty() && keys.len() < 16, "each has some: {keys:?}");
    }
}

#[tokio::test]
async fn all_keys_of_an_account_are_in_one_slot() {
    let Some(server) = Server::with(&["--cluster-enabled", "yes"]) else { return };
    let () = server.does("CLUSTER ADDSLOTSRANGE 0 16383").await;
    let ledger = ledger(&server.url()).await;
    let names = ["ada", "}", "{}", "a}b{c", "a b\n", "ä", "{", "%7D"];
    for name in names {
        // A script over two slots would be refused.
        write(&ledger, name, halt("h-a")).await;
        let hit = Fact::Hit { halt: "h-a".to_owned() };
        write(&ledger, name, Entry::new(2, hit)).await;
    }
    assert_eq!(ledger.list().await.unwrap().len(), names.len());
    assert!(record_of(&ledger, "ada").await.halt("h-a").is_some());
    let records: Vec<String> = server.does("KEYS *:record").await;
    assert_eq!(records.len(), names.len());
    for record in records {
        let hits = record.replace(":record", ":hits");
        let exists: i64 = server.does_all(&["EXISTS", &hits]).await;
        assert_eq!(exists, 1, "{hits}");
        let slot: i64 = server.does_all(&["CLUSTER", "KEYSLOT", &record]).await;
        assert_eq!(slot, server.does_all::<i64>(&["CLUSTER", "KEYSLOT", &hits]).await);
        let tag = record.split_once('{').unwrap().1.split_once('}').unwrap().0;
        assert_eq!(slot, server.does_all::<i64>(&["CLUSTER", "KEYSLOT", tag]).await);
    }
    assert_eq!(account("ada").as_str(), "zai/ada");
}
