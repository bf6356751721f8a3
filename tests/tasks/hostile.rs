//! Files that would run for ever, fill the memory or end the program: each is one error, soon.

use circuitscope::task::{Sizes, Task};
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

const HEAD: &str = "tokens = numbers(9)\nlayout = 'a b'\nfields = {'a': below(9), 'b': below(9)}\n";

/// Each alone, and what is said of it.
fn corpus() -> Vec<(&'static str, String, &'static str)> {
    let body = |text: &str| format!("{HEAD}def f(a, b):\n    {}\n", text.replace('\n', "\n    "));
    let long = |part: &str, n: usize| part.repeat(n);
    vec![
        ("endless loop", body("while True:\n    pass"), "more than 200000 steps"),
        ("long loop", body("for i in range(1000000000):\n    pass\nreturn 1"), "at most 16384"),
        (
            "loops in loops",
            body("for i in range(10000):\n    for j in range(10000):\n        for k in range(10000):\n            pass\nreturn 1"),
            "more than 200000 steps",
        ),
        ("loops at the top", "[i for i in range(9999) for j in range(9999)]".into(), "steps"),
        ("recursion", body("return f(a, b)"), "calls itself too deep"),
        ("two that call each other", format!("{HEAD}def f(a, b):\n    return _g(a, b)\ndef _g(a, b):\n    return f(a, b)\n"), "too deep"),
        ("recursion by lambda", body("g = lambda h: h(h)\nreturn g(g)"), "too deep"),
        ("list times", "x = [0] * 1000000000".into(), "1000000000 of them"),
        ("list times the other way", "x = 1000000000 * [0, 1]".into(), "2000000000 of them"),
        ("list times overflow", "x = [0, 0, 0] * 2147483647".into(), "of them"),
        ("text times", "x = \"a\" * 1000000000".into(), "1000000000 of them"),
        ("text times power", "x = \"a\" * 10**9".into(), ""),
        ("text times in place", body("x = 'a'\nx *= 1000000000\nreturn 1"), "1000000000 of them"),
        ("text doubled", body("x = 'a'\nfor i in range(100):\n    x += x\nreturn 1"), "of them"),
        ("list doubled", body("x = [1]\nfor i in range(100):\n    x = x + x\nreturn 1"), "of them"),
        ("list doubled in place", body("x = [1]\nfor i in range(100):\n    x += x\nreturn 1"), "of them"),
        ("list extended by itself", body("x = [1]\n[x.extend(x) for i in range(100)]\nreturn 1"), "of them"),
        ("place doubled", body("x = [[1]]\nfor i in range(100):\n    x[0] += x[0]\nreturn 1"), "of them"),
        ("joined", body("x = 'a' * 60000\nreturn ','.join([x for i in range(10000)])"), "of them"),
        ("replaced", body("x = 'a' * 60000\nreturn x.replace('a', x)"), "of them"),
        ("formatted", body("x = 'a' * 60000\nreturn ('%s' * 10000) % tuple([x] * 10000)"), "can be counted"),
        ("formatted by name", body("x = 'a' * 60000\nreturn ('{0}' * 10000).format(x)"), "can be counted"),
        ("numbers squared", body("x = 3\nfor i in range(64):\n    x = x * x\nreturn 1"), "digits"),
        ("numbers shifted", body("x = 1 << 2000000000\nreturn 1"), "digits"),
        ("numbers shifted in place", body("x = 1\nx <<= 2000000000\nreturn 1"), "digits"),
        ("many large lists", body("x = []\nfor i in range(16000):\n    x.append([0] * 16000)\nreturn 1"), "memory"),
        ("many tokens", "tokens = [str(i) for i in range(9000)]\nlayout = 'a'".into(), "9000 tokens"),
        ("lists in lists", "def _f():\n    x = []\n    for i in range(15000):\n        x = [x]\n    return x\ny = _f()\n".into(), "without end"),
        ("lists that hold themselves", "x = []\nx.append(x)\n".into(), "without end"),
        ("twice the same, again and again", "def _f():\n    x = []\n    for i in range(64):\n        x = [x, x]\n    return x\ny = _f()\n".into(), "without end"),
        ("such as keys in lists", "def _f():\n    x = []\n    for j in range(10):\n        for i in range(15000):\n            x = [x]\n    return x\ny = _f()\n".into(), "without end"),
        ("such compared", body("x, y = [], []\nfor i in range(64):\n    x, y = [x, x], [y, y]\nreturn x == y"), "a comparison"),
        ("such looked for", body("x, y = [], []\nfor i in range(64):\n    x, y = [x, x], [y, y]\nreturn x in [y]"), "a comparison"),
        ("text of such", body("x = []\nfor i in range(64):\n    x = [x, x]\nreturn str(x)"), "longer text"),
        ("brackets in brackets", format!("x = {}1{}", long("(", 20000), long(")", 20000)), "stand in each other"),
        ("lists opened", format!("x = {}", long("[", 60000)), "stand in each other"),
        ("dicts opened", format!("x = {}", long("{1:", 20000)), "stand in each other"),
        ("minus of minus", format!("x = {}1", long("-", 60000)), "chains more than"),
        ("not of not", format!("x = {}1", long("not ", 15000)), "chains more than"),
        ("a long sum", format!("x = 1{}", long("+1", 30000)), "chains more than"),
        ("a long chain of calls", format!("x = f{}", long("()", 30000)), "chains more than"),
        ("a long chain of dots", format!("x = f{}", long(".a", 30000)), "chains more than"),
        ("a long chain of places", format!("x = f{}", long("[0]", 20000)), "chains more than"),
        ("lambda of lambda", format!("x = {}1", long("lambda:", 9000)), "chains more than"),
        ("if else if else", format!("x = {}1", long("1 if 1 else ", 5000)), "chains more than"),
        ("many elif", format!("if 1:\n    pass\n{}", long("elif 1:\n    pass\n", 3000)), "elif"),
        ("blocks in blocks", (0..300).map(|i| format!("{}if 1:\n", " ".repeat(i))).collect::<String>() + &" ".repeat(300) + "pass\n", "blocks stand in each other"),
        ("for in for in one list", format!("x = [1 {}]", long("for i in [1] ", 4000)), "chains more than"),
        ("a long line", format!("x = '{}'", long("a", 1 << 20)), "at most 65536"),
        ("a long comment", format!("#{}", long("a", 1 << 20)), "at most 65536"),
        ("a long name", format!("{} = 1", long("a", 60000)), "there are no tokens"),
        ("nothing but nulls", long("\0", 5000), ""),
        ("no words", "\u{1b}[2J \u{202e} = 3".into(), ""),
        ("an open text", "x = '''".into(), ""),
        ("tabs and blanks", "if 1:\n\tx = 1\n        y = 2\n".into(), ""),
        ("exists loops", format!("{HEAD}def f(a, b):\n    return 1\ndef exists(a):\n    return len([i for i in range(9999) for j in range(9999)]) > 0\n"), "steps"),
        ("draw loops", format!("{HEAD}def f(a, b):\n    return 1\ndef draw(random):\n    return draw(random)\n"), "too deep"),
        ("slow steps", body("x = list(range(16000))\nfor i in range(100000):\n    y = sorted(x, reverse = True)\nreturn 1"), ""),
    ]
}

/// How long this thread has computed: what else the machine does is no matter.
fn computed() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .unwrap()
        .into()
}

/// In a process of its own: what other tests take is no matter.
#[test]
fn each_is_one_error_soon_and_small() {
    const ALONE: &str = "CIRCUITSCOPE_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let own = std::env::current_exe().unwrap();
        let name = "hostile::each_is_one_error_soon_and_small";
        let mut alone = std::process::Command::new(own);
        let told = alone
            .args(["--exact", name])
            .env(ALONE, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&told.stdout);
        assert!(text.contains("1 passed"), "{text}");
        return;
    }
    let mut wrong = Vec::new();
    for (name, text, part) in corpus() {
        let start = computed();
        let result = Task::from_file("bad.star", &text, &[], &Sizes::default());
        let took = computed() - start;
        let message = result.map_or_else(|error| error.to_string(), |_| "it was taken".to_owned());
        let is_plain = !message.chars().any(char::is_control) && message.chars().count() < 700;
        let soon = took < Duration::from_secs(1);
        if message == "it was taken" || !message.contains(part) || !is_plain || !soon {
            wrong.push(format!(
                "{name} after {took:?}: {message:?}, expected {part:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if let Some(peak) = peak_mib() {
        assert!(peak < 256, "{peak} MiB");
    }
}

/// The most memory that this process has had, where the system tells.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

/// Whatever is changed in a file that is right, it is a task or one error.
#[test]
fn files_with_mistakes() {
    let mut rng = rand_mt::Mt::new(7);
    let mut draw = |n: usize| circuitscope::task::below(&mut rng, n as u32) as usize;
    let names: Vec<&str> = Task::built_in_names().collect();
    for _ in 0..300 {
        let text = Task::built_in_text(names[draw(names.len())]).unwrap();
        let mut bytes: Vec<u8> = text.bytes().collect();
        for _ in 0..1 + draw(3) {
            let at = draw(bytes.len());
            let other = bytes[draw(bytes.len())];
            match draw(4) {
                0 => bytes[at] = other,
                1 => bytes.insert(at, other),
                2 => drop(bytes.remove(at)),
                _ => {
                    let end = (at + draw(30)).min(bytes.len());
                    drop(bytes.drain(at..end));
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = Task::from_file("x.star", &text, &[], &Sizes::default()) {
            let message = error.to_string();
            assert!(
                message.starts_with("x.star:") && !message.contains('\n'),
                "{message}"
            );
            assert!(message.chars().count() < 800, "{message}");
        }
    }
}
