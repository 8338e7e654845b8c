// SQLite, as a WASI command: a database in memory is filled, indexed, queried and changed ROUNDS times; prints a
// checksum of all rows that came back. SQLITE_OS_OTHER: the database needs nothing of a system, so what a file system
// would do is refused here.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sqlite3.h"

static uint32_t seed = 2463534242u;
static uint32_t next_random(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  return seed ^= seed << 5;
}

static int no_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  (void)vfs, (void)name, (void)flags, (void)out;
  file->pMethods = 0;
  return SQLITE_CANTOPEN;
}
static int no_delete(sqlite3_vfs* vfs, const char* name, int sync) {
  return (void)vfs, (void)name, (void)sync, SQLITE_IOERR_DELETE;
}
static int no_access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  (void)vfs, (void)name, (void)flags;
  *out = 0;
  return SQLITE_OK;
}
static int full_path(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  (void)vfs;
  return snprintf(out, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}
static int fixed_randomness(sqlite3_vfs* vfs, int size, char* out) {
  (void)vfs;
  memset(out, 1, (size_t)size);
  return size;
}
static int no_sleep(sqlite3_vfs* vfs, int microseconds) { return (void)vfs, microseconds; }
static int fixed_time(sqlite3_vfs* vfs, double* days) {
  (void)vfs;
  *days = 2451545.0;
  return SQLITE_OK;
}
static int no_error(sqlite3_vfs* vfs, int size, char* out) { return (void)vfs, (void)size, (void)out, 0; }

static sqlite3_vfs memory_only = {.iVersion = 1,
                                  .szOsFile = sizeof(sqlite3_file),
                                  .mxPathname = 64,
                                  .zName = "none",
                                  .xOpen = no_open,
                                  .xDelete = no_delete,
                                  .xAccess = no_access,
                                  .xFullPathname = full_path,
                                  .xRandomness = fixed_randomness,
                                  .xSleep = no_sleep,
                                  .xCurrentTime = fixed_time,
                                  .xGetLastError = no_error};
int sqlite3_os_init(void) { return sqlite3_vfs_register(&memory_only, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

static sqlite3* database;
static uint64_t sum;

static void fold(const void* bytes, int size) {
  for (int i = 0; i < size; i++) sum = (sum ^ ((const uint8_t*)bytes)[i]) * 0x100000001b3ull;
}

static int check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return code;
  fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database));
  __builtin_trap();
}

static sqlite3_stmt* prepare(const char* sql) {
  sqlite3_stmt* statement;
  check(sqlite3_prepare_v2(database, sql, -1, &statement, 0));
  return statement;
}

static void fold_rows(sqlite3_stmt* statement) {
  while (check(sqlite3_step(statement)) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
      const unsigned char* text = sqlite3_column_text(statement, i);
      fold(text ? text : (const unsigned char*)"", text ? sqlite3_column_bytes(statement, i) : 0);
    }
  }
  check(sqlite3_reset(statement));
}

static void query(const char* sql) {
  sqlite3_stmt* statement = prepare(sql);
  fold_rows(statement);
  check(sqlite3_finalize(statement));
}

static void fill(int rows) {
  sqlite3_stmt* insert = prepare("insert into sales(shop, item, price, note) values(?1, ?2, ?3, ?4)");
  query("begin");
  for (int i = 0; i < rows; i++) {
    char note[32];
    int size = snprintf(note, sizeof note, "sale %u of day %u", next_random() % 1000, next_random() % 31);
    sqlite3_bind_int(insert, 1, (int)(next_random() % 12));
    sqlite3_bind_int(insert, 2, (int)(next_random() % 200));
    sqlite3_bind_double(insert, 3, (double)(next_random() % 100000) / 4);
    sqlite3_bind_text(insert, 4, note, size, SQLITE_TRANSIENT);
    check(sqlite3_step(insert));
    check(sqlite3_reset(insert));
  }
  query("commit");
  check(sqlite3_finalize(insert));
}

int main(void) {
  check(sqlite3_open(":memory:", &database));
  query("create table shops(id integer primary key, name text)");
  query(
      "with recursive n(i) as (select 0 union all select i + 1 from n where i < 11) "
      "insert into shops select i, 'shop ' || i from n");
  for (int round = 0; round < ROUNDS; round++) {
    query("create table sales(id integer primary key, shop integer, item integer, price real, note text)");
    fill(1500);
    query("create index by_item on sales(item, price)");
    query("select name, count(*), sum(price) from sales join shops on shop = shops.id group by name order by 3 desc");
    query("select item, max(price) from sales where item between 20 and 90 group by item having count(*) > 5");
    query("select note from sales where note like '%7 of day 1%' order by price limit 20");
    query("update sales set price = price * 1.25 where item in (select item from sales where price < 500)");
    query(
        "select a.id, b.id from sales a join sales b on a.item = b.item and a.price < b.price where a.shop = 3 limit "
        "400");
    query("delete from sales where id % 7 = 3");
    query("select count(*), avg(price), group_concat(distinct shop) from sales");
    query("drop table sales");
  }
  check(sqlite3_close(database));
  printf("%016llx\n", (unsigned long long)sum);
  return 0;
}
