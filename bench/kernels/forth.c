// An interpreter in the interpreter: a small Forth reads definitions as text, compiles them to threaded code with a
// dictionary that is searched by name, and runs that code with a switch.
#include "kernel.h"

enum { kCode = 2048, kWords = 96, kStack = 256, kMemory = 8192 };
enum operation {
  kPush,
  kCall,
  kExit,
  kBranch,
  kBranchIfZero,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kAnd,
  kXor,
  kLess,
  kEqual,
  kDuplicate,
  kDrop,
  kSwap,
  kOver,
  kRotate,
  kFetch,
  kStore,
  kToReturn,
  kFromReturn,
  kCopyReturn,
  kEnd,
  kPrimitives
};

static const char* const primitive_names[kPrimitives] = {
    [kAdd] = "+",     [kSubtract] = "-",  [kMultiply] = "*",    [kDivide] = "/",     [kModulo] = "mod",
    [kAnd] = "and",   [kXor] = "xor",     [kLess] = "<",        [kEqual] = "=",      [kDuplicate] = "dup",
    [kDrop] = "drop", [kSwap] = "swap",   [kOver] = "over",     [kRotate] = "rot",   [kFetch] = "@",
    [kStore] = "!",   [kToReturn] = ">r", [kFromReturn] = "r>", [kCopyReturn] = "r@"};

static const char source[] =
    ": fib dup 2 < if else dup 1 - fib swap 2 - fib + then ; "
    ": gcd begin dup while swap over mod repeat drop ; "
    ": gcds 0 swap begin dup while dup 360360 swap gcd rot + swap 1 - repeat drop ; "
    ": clear 4000 begin dup while 1 over ! 1 - repeat drop ; "
    ": mark dup dup + begin dup 4000 < while 0 over ! over + repeat drop drop ; "
    ": sieve clear 2 begin dup dup * 4000 < while dup @ if dup mark then 1 + repeat drop "
    "  0 2 begin dup 4000 < while dup @ rot + swap 1 + repeat drop ; "
    ": collatz 0 swap begin dup 1 - while dup 1 and if 3 * 1 + else 2 / then swap 1 + swap repeat drop ; "
    ": longest 0 swap begin dup 1 - while dup collatz rot over over < if drop else swap drop then swap 1 - repeat drop "
    "; "
    ": random dup 1664525 * 1013904223 + 16777216 mod ; "
    ": noise 1 swap begin dup while >r random swap drop r> 1 - repeat drop ; "
    ": main 15 fib 300 gcds xor sieve xor 400 longest xor 2000 noise xor ; ";

struct word {
  const char* name;
  uint32_t length;
  int32_t start;
};
static struct word words[kWords];
static int word_count;
static int32_t code[kCode];
static int here;
static int32_t memory[kMemory], data[kStack], returns[kStack];

static int same_name(const char* a, const char* b, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    if (a[i] != b[i]) return 0;
  }
  return 1;
}

static int find_word(const char* name, uint32_t length) {
  for (int i = word_count; i-- > 0;) {
    if (words[i].length == length && same_name(words[i].name, name, length)) return i;
  }
  return -1;
}

static int find_primitive(const char* name, uint32_t length) {
  for (int i = 0; i < kPrimitives; i++) {
    const char* candidate = primitive_names[i];
    if (candidate && same_name(candidate, name, length) && !candidate[length]) return i;
  }
  return -1;
}

static void emit(int32_t cell) {
  if (here == kCode) __builtin_trap();
  code[here++] = cell;
}

static int is_word(const char* name, uint32_t length, const char* other) {
  uint32_t size = 0;
  while (other[size]) size++;
  return size == length && same_name(name, other, length);
}

// The words that make control flow; `open` has the places they come back to.
static int compile_control(const char* name, uint32_t length, int* open, int* depth) {
  if (is_word(name, length, "if") || is_word(name, length, "while")) {
    emit(kBranchIfZero);
    open[(*depth)++] = here;
    emit(0);
  } else if (is_word(name, length, "else")) {
    emit(kBranch);
    emit(0);
    code[open[*depth - 1]] = here;
    open[*depth - 1] = here - 1;
  } else if (is_word(name, length, "then")) {
    code[open[--*depth]] = here;
  } else if (is_word(name, length, "begin")) {
    open[(*depth)++] = here;
  } else if (is_word(name, length, "repeat")) {
    emit(kBranch);
    emit(open[*depth - 2]);
    code[open[*depth - 1]] = here;
    *depth -= 2;
  } else if (is_word(name, length, ";")) {
    emit(kExit);
  } else {
    return 0;
  }
  return 1;
}

static void compile_word(const char* name, uint32_t length, int* open, int* depth) {
  if (compile_control(name, length, open, depth)) return;
  int primitive = find_primitive(name, length), defined = find_word(name, length);
  if (defined >= 0) {
    emit(kCall);
    emit(words[defined].start);
  } else if (primitive >= 0) {
    emit(primitive);
  } else {
    int32_t number = 0;
    for (uint32_t i = 0; i < length; i++) number = number * 10 + (name[i] - '0');
    emit(kPush);
    emit(number);
  }
}

static void compile(const char* at) {
  int open[32], depth = 0, naming = 0;
  word_count = here = 0;
  while (*at) {
    while (*at == ' ') at++;
    const char* name = at;
    while (*at && *at != ' ') at++;
    uint32_t length = (uint32_t)(at - name);
    if (length == 0) break;
    if (naming) words[word_count++] = (struct word){name, length, here};
    naming = !naming && length == 1 && *name == ':';
    if (!naming && words[word_count - 1].name != name) compile_word(name, length, open, &depth);
  }
}

static int32_t execute(int32_t start) {
  int32_t *top = data, *back = returns;
  int32_t at = start;
  *back++ = kCode - 1;
  code[kCode - 1] = kEnd;
  for (;;) {
    switch (code[at++]) {
      case kPush:
        *++top = code[at++];
        break;
      case kCall:
        if (back == returns + kStack) __builtin_trap();
        *back++ = at + 1;
        at = code[at];
        break;
      case kExit:
        at = *--back;
        break;
      case kBranch:
        at = code[at];
        break;
      case kBranchIfZero:
        at = *top-- ? at + 1 : code[at];
        break;
      case kAdd:
        top--;
        *top = (int32_t)((uint32_t)top[0] + (uint32_t)top[1]);
        break;
      case kSubtract:
        top--;
        *top = (int32_t)((uint32_t)top[0] - (uint32_t)top[1]);
        break;
      case kMultiply:
        top--;
        *top = (int32_t)((uint32_t)top[0] * (uint32_t)top[1]);
        break;
      case kDivide:
        top--;
        *top = (int32_t)((uint32_t)top[0] / (uint32_t)top[1]);
        break;
      case kModulo:
        top--;
        *top = (int32_t)((uint32_t)top[0] % (uint32_t)top[1]);
        break;
      case kAnd:
        top--;
        *top &= top[1];
        break;
      case kXor:
        top--;
        *top ^= top[1];
        break;
      case kLess:
        top--;
        *top = top[0] < top[1];
        break;
      case kEqual:
        top--;
        *top = top[0] == top[1];
        break;
      case kDuplicate:
        top++;
        *top = top[-1];
        break;
      case kDrop:
        top--;
        break;
      case kSwap: {
        int32_t t = top[0];
        top[0] = top[-1];
        top[-1] = t;
        break;
      }
      case kOver:
        top++;
        *top = top[-2];
        break;
      case kRotate: {
        int32_t t = top[-2];
        top[-2] = top[-1];
        top[-1] = top[0];
        top[0] = t;
        break;
      }
      case kFetch:
        *top = memory[*top & (kMemory - 1)];
        break;
      case kStore:
        top -= 2;
        memory[top[2] & (kMemory - 1)] = top[1];
        break;
      case kToReturn:
        *back++ = *top--;
        break;
      case kFromReturn:
        *++top = *--back;
        break;
      case kCopyReturn:
        *++top = back[-1];
        break;
      default:
        return *top;
    }
  }
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    compile(source);
    sum = mix(sum, (uint32_t)execute(words[find_word("main", 4)].start));
  }
  return sum;
}
