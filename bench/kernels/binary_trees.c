// Memory by allocation: complete binary trees are built, counted and freed, long-lived ones among short-lived ones. The
// allocator is one of free lists by size, like a simple malloc, with headers and splitting.
#include "kernel.h"

enum { kHeap = 1 << 21, kClasses = 8, kUnit = 16 };
static uint8_t heap[kHeap] __attribute__((aligned(16)));
static uint32_t heap_used;

struct header {
  struct header* next;
  uint32_t units;
};
static struct header* free_lists[kClasses];

static void* allocate(uint32_t size) {
  uint32_t units = (size + sizeof(struct header) + kUnit - 1) / kUnit;
  for (uint32_t list = units; list < kClasses; list++) {
    struct header* found = free_lists[list];
    if (!found) continue;
    free_lists[list] = found->next;
    if (list > units + 1) {
      struct header* rest = (struct header*)((uint8_t*)found + units * kUnit);
      rest->units = list - units;
      rest->next = free_lists[rest->units];
      free_lists[rest->units] = rest;
      found->units = units;
    }
    return found + 1;
  }
  if (heap_used + units * kUnit > kHeap) return 0;
  struct header* fresh = (struct header*)(heap + heap_used);
  heap_used += units * kUnit;
  fresh->units = units;
  return fresh + 1;
}

static void release(void* pointer) {
  struct header* block = (struct header*)pointer - 1;
  block->next = free_lists[block->units];
  free_lists[block->units] = block;
}

struct tree {
  struct tree *left, *right;
  uint32_t label;
};

static struct tree* build(int depth, uint32_t label) {
  struct tree* node = allocate(sizeof *node + label % 3 * 8);
  if (!node) __builtin_trap();
  node->label = label;
  node->left = depth > 0 ? build(depth - 1, 2 * label) : 0;
  node->right = depth > 0 ? build(depth - 1, 2 * label + 1) : 0;
  return node;
}

static uint32_t count(const struct tree* node) {
  return node ? node->label % 2 + 1 + count(node->left) + count(node->right) : 0;
}

static void destroy(struct tree* node) {
  if (!node) return;
  destroy(node->left);
  destroy(node->right);
  release(node);
}

uint64_t kernel(uint32_t rounds) {
  uint64_t sum = 0;
  struct tree* lasting = build(12, 1);
  for (uint32_t round = 0; round < rounds; round++) {
    for (int depth = 4; depth <= 10; depth += 2) {
      for (int i = 0; i < 1 << (10 - depth); i++) {
        struct tree* brief = build(depth, (uint32_t)i + 1);
        sum = mix(sum, count(brief));
        destroy(brief);
      }
    }
    sum = mix(sum, count(lasting));
  }
  return sum;
}
