// What QuickJS is asked to do: objects, closures, JSON, regular expressions, typed arrays, maps. Its value is a checksum.
let sum = 0;
const mix = value => { sum = (Math.imul(sum, 31) + value) | 0; };

let seed = 12345;
function random(most) {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return (seed >> 8) % most;
}

class Shape {
  constructor(name) { this.name = name; }
  describe() { return `${this.name} of ${this.area().toFixed(2)}`; }
}
class Circle extends Shape {
  constructor(radius) { super("circle"); this.radius = radius; }
  area() { return 3.14159 * this.radius ** 2; }
}
class Box extends Shape {
  constructor(width, height) { super("box"); this.width = width; this.height = height; }
  area() { return this.width * this.height; }
}

function shapes(count) {
  const list = Array.from({ length: count }, (_, i) => i % 2 ? new Circle(random(20)) : new Box(random(9), random(9)));
  list.sort((a, b) => a.area() - b.area());
  return list.map(shape => shape.describe()).join(";");
}

function records(count) {
  const list = [];
  for (let i = 0; i < count; i++) list.push({ id: i, tags: ["a" + random(9), "b" + random(9)], price: random(1000) / 8 });
  const again = JSON.parse(JSON.stringify(list));
  const byTag = new Map();
  for (const { tags, price } of again) for (const tag of tags) byTag.set(tag, (byTag.get(tag) ?? 0) + price);
  return [...byTag].sort().map(([tag, price]) => tag + price).join();
}

function sieve(size) {
  const composite = new Uint8Array(size);
  let count = 0;
  for (let i = 2; i < size; i++) {
    if (composite[i]) continue;
    count++;
    for (let j = i * i; j < size; j += i) composite[j] = 1;
  }
  return count;
}

function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

function hash(text) { for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i)); }

for (let round = 0; round < rounds; round++) {
  hash(shapes(60));
  const text = records(60);
  hash(text);
  hash(text.replace(/([ab])(\d)(\d+)/g, (_, a, b, c) => c + a + b).slice(0, 200));
  mix(sieve(4000));
  mix(fib(13));
  try { null.missing; } catch (error) { mix(error.message.length); }
}
(sum >>> 0).toString(16).padStart(8, "0");
