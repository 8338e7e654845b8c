//! A Rust program of the usual kind: a tokenizer and an expression tree with boxes and enums, ordered maps, iterators, strings, a
//! shortest path with a heap. ROUNDS is an environment variable of the build. Prints a checksum.
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Write;

enum Expr {
    Number(f64),
    Variable(String),
    Binary(Box<Expr>, char, Box<Expr>),
}

struct Parser<'a> {
    text: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Parser<'_> {
    fn sum(&mut self) -> Expr {
        let mut left = self.product();
        while let Some(&operation @ ('+' | '-')) = self.text.peek() {
            self.text.next();
            left = Expr::Binary(Box::new(left), operation, Box::new(self.product()));
        }
        left
    }

    fn product(&mut self) -> Expr {
        let mut left = self.atom();
        while let Some(&operation @ ('*' | '/')) = self.text.peek() {
            self.text.next();
            left = Expr::Binary(Box::new(left), operation, Box::new(self.atom()));
        }
        left
    }

    fn atom(&mut self) -> Expr {
        if self.text.next_if_eq(&'(').is_some() {
            let inner = self.sum();
            self.text.next();
            return inner;
        }
        let mut word = String::new();
        while let Some(c) = self.text.next_if(|c| c.is_ascii_alphanumeric()) {
            word.push(c);
        }
        match word.parse() {
            Ok(number) => Expr::Number(number),
            Err(_) => Expr::Variable(word),
        }
    }
}

fn value(expr: &Expr, variables: &BTreeMap<String, f64>) -> Option<f64> {
    Some(match expr {
        Expr::Number(number) => *number,
        Expr::Variable(name) => *variables.get(name)?,
        Expr::Binary(left, operation, right) => {
            let (left, right) = (value(left, variables)?, value(right, variables)?);
            match operation {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                _ if right == 0.0 => return None,
                _ => left / right,
            }
        }
    })
}

struct Random(u32);

impl Random {
    fn next(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % most
    }
}

fn write_expression(random: &mut Random, depth: u32, out: &mut String) {
    if depth == 0 || random.next(5) == 0 {
        if random.next(2) == 0 {
            write!(out, "{}", random.next(100)).unwrap();
        } else {
            write!(out, "v{}", random.next(12)).unwrap();
        }
        return;
    }
    out.push('(');
    write_expression(random, depth - 1, out);
    out.push(['+', '-', '*', '/'][random.next(4) as usize]);
    write_expression(random, depth - 1, out);
    out.push(')');
}

fn shortest_paths(random: &mut Random, count: usize) -> u64 {
    let mut edges = vec![Vec::new(); count];
    for from in 0..count {
        for _ in 0..4 {
            edges[from].push((random.next(count as u32) as usize, 1 + random.next(50) as u64));
        }
    }
    let mut distances = vec![u64::MAX; count];
    let mut heap = BinaryHeap::from([Reverse((0, 0))]);
    while let Some(Reverse((distance, at))) = heap.pop() {
        if distance >= distances[at] {
            continue;
        }
        distances[at] = distance;
        heap.extend(edges[at].iter().map(|&(to, length)| Reverse((distance + length, to))));
    }
    distances.iter().filter(|&&distance| distance != u64::MAX).sum()
}

fn words(random: &mut Random) -> u64 {
    let text: String = (0..2000).map(|_| if random.next(6) == 0 { ' ' } else { (b'a' + random.next(5) as u8) as char }).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    sorted.iter().take(10).fold(0, |sum, (word, count)| sum * 31 + count * word.len() as u64)
}

fn main() {
    let rounds: u32 = env!("ROUNDS").parse().expect("ROUNDS is a number");
    let mut random = Random(2463534242);
    let mut sum = 0u64;
    let mut mix = |value: u64| sum = (sum ^ value).wrapping_mul(0x9e3779b97f4a7c15).rotate_left(29);
    for _ in 0..rounds {
        let variables: BTreeMap<String, f64> = (0..10).map(|i| (format!("v{i}"), f64::from(random.next(50)) / 4.0)).collect();
        for _ in 0..20 {
            let mut text = String::new();
            write_expression(&mut random, 5, &mut text);
            let expr = Parser { text: text.chars().peekable() }.sum();
            mix(value(&expr, &variables).map_or(1, f64::to_bits));
        }
        mix(shortest_paths(&mut random, 300));
        mix(words(&mut random));
    }
    println!("{sum:016x}");
}
