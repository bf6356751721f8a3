//! Files appear whole or not at all, under names that do not collide.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;

use circuitscope::findings::files::{slug, unused_stem, write_new, write_whole};
use proptest::prelude::*;

/// Every entry of a folder, sorted: shows whether a passing file was left behind.
fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The whole chain of an error on one line.
fn message(outcome: anyhow::Result<()>) -> String {
    format!("{:#}", outcome.unwrap_err())
}

#[test]
fn a_file_is_written_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.txt");
    write_whole(&path, b"one").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one");
    write_whole(&path, b"").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    assert_eq!(entries(folder.path()), ["frame.txt"]);
}

#[test]
fn a_new_file_never_replaces_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.txt");
    write_new(&path, b"one").unwrap();
    let said = message(write_new(&path, b"two"));
    assert!(
        said.contains("frame.txt") && said.contains("already exists"),
        "{said}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert_eq!(entries(folder.path()), ["frame.txt"]);
}

#[test]
fn of_many_writers_of_a_new_file_one_wins_with_all_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.txt");
    let wins: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8_u8)
            .map(|n| {
                let path = &path;
                scope.spawn(move || usize::from(write_new(path, &[n; 10_000]).is_ok()))
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .sum()
    });
    assert_eq!(wins, 1);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(bytes, vec![bytes[0]; 10_000]);
    assert_eq!(entries(folder.path()), ["frame.txt"]);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere").join("frame.txt");
    for outcome in [write_whole(&path, b"x"), write_new(&path, b"x")] {
        let said = message(outcome);
        assert!(
            said.contains("no folder") && said.contains("nowhere"),
            "{said}"
        );
    }
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_folder_in_the_way_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.txt");
    fs::create_dir(&path).unwrap();
    let said = message(write_whole(&path, b"x"));
    assert!(said.contains("is a folder"), "{said}");
    assert!(message(write_new(&path, b"x")).contains("already exists"));
    assert_eq!(entries(folder.path()), ["frame.txt"]);
}

#[test]
fn a_file_where_a_folder_should_be_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain"), b"").unwrap();
    let said = message(write_whole(&folder.path().join("plain/frame.txt"), b"x"));
    assert!(said.contains("not a folder"), "{said}");
}

#[test]
fn a_path_without_a_file_name_is_refused() {
    for path in ["/", "..", ""] {
        assert!(write_whole(Path::new(path), b"x").is_err(), "{path:?}");
        assert!(write_new(Path::new(path), b"x").is_err(), "{path:?}");
    }
}

#[test]
fn a_name_the_disk_refuses_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // Staging works, for the passing name is short; only the renaming fails.
    let path = folder.path().join("n".repeat(4000));
    let said = message(write_whole(&path, b"x"));
    assert!(said.contains("name"), "{said}");
    assert!(write_new(&path, b"x").is_err());
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn an_error_shows_no_control_characters_of_a_name() {
    let path = Path::new("/no-such-folder-here/\u{1b}[31mred");
    let said = message(write_whole(path, b"x"));
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_symbolic_link_is_neither_followed_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, b"mine").unwrap();
        symlink(&target, &link).unwrap();
        let said = message(write_whole(&link, b"x"));
        assert!(said.contains("symbolic link"), "{said}");
        assert!(write_new(&link, b"x").is_err());
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(entries(folder.path()), ["link", "target"]);
    }

    #[test]
    fn a_dangling_link_counts_as_something_there() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("frame.txt");
        symlink(folder.path().join("gone"), &link).unwrap();
        assert!(write_whole(&link, b"x").is_err());
        assert!(write_new(&link, b"x").is_err());
        assert_eq!(entries(folder.path()), ["frame.txt"]);
        assert_eq!(unused_stem(folder.path(), "frame", &["txt"]), "frame-2");
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_new_file_and_a_replaced_one_keeps_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, path) = (folder.path().join("plain"), folder.path().join("ours"));
        fs::write(&plain, b"").unwrap();
        write_new(&path, b"x").unwrap();
        assert_eq!(mode(&path), mode(&plain));
        set_mode(&path, 0o640);
        write_whole(&path, b"y").unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_read_only_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frame.txt");
        fs::write(&path, b"mine").unwrap();
        set_mode(&path, 0o444);
        let said = message(write_whole(&path, b"x"));
        assert!(said.contains("read-only"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    #[expect(
        clippy::print_stderr,
        reason = "a test that checks nothing has to say so"
    )]
    fn a_read_only_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        if fs::metadata(folder.path()).unwrap().uid() == 0 {
            eprintln!("SKIPPED a_read_only_folder_is_named: permissions do not bind root");
            return;
        }
        set_mode(folder.path(), 0o555);
        let said = message(write_whole(&folder.path().join("frame.txt"), b"x"));
        assert!(said.contains("may not be written to"), "{said}");
        assert!(entries(folder.path()).is_empty());
        set_mode(folder.path(), 0o755);
    }
}

#[test]
fn a_stem_is_free_only_if_all_its_files_are() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = ["txt", "png"];
    assert_eq!(unused_stem(folder.path(), "a", &kinds), "a");
    fs::write(folder.path().join("a.png"), b"").unwrap();
    fs::write(folder.path().join("a-2.txt"), b"").unwrap();
    assert_eq!(unused_stem(folder.path(), "a", &kinds), "a-3");
    assert_eq!(unused_stem(folder.path(), "a", &["json"]), "a");
    // A dot in a stem is part of the stem.
    fs::write(folder.path().join("v1.2.txt"), b"").unwrap();
    assert_eq!(unused_stem(folder.path(), "v1.2", &kinds), "v1.2-2");
    assert_eq!(unused_stem(folder.path(), "v1.3", &kinds), "v1.3");
}

#[test]
fn slugs_read_well() {
    for (text, expected) in [
        ("Patching grid: L1H0", "patching-grid-l1h0"),
        ("  --a--  ", "a"),
        ("../../etc/passwd", "etc-passwd"),
        ("λ≈0.93", "0-93"),
        ("", "untitled"),
        ("漢字", "untitled"),
    ] {
        assert_eq!(slug(text), expected, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_slug_is_a_safe_name(text in any::<String>()) {
        let name = slug(&text);
        prop_assert!((1..=60).contains(&name.len()));
        prop_assert!(name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')));
        prop_assert!(!name.starts_with('-') && !name.ends_with('-') && !name.contains("--"));
        prop_assert_eq!(slug(&name), name);
    }

    #[test]
    fn a_long_text_is_cut(text in "[a-z -]{40,200}") {
        prop_assert!((1..=60).contains(&slug(&text).len()));
    }
}
