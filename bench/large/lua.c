// Lua, as a WASI command: runs the script that is compiled in, with ROUNDS as its argument. Errors end the program;
// there is no setjmp in WebAssembly 1.0 and the script needs none, so no pcall and no coroutines.
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] = {
#embed "lua.lua"
};

static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                     {LUA_TABLIBNAME, luaopen_table},
                                     {LUA_STRLIBNAME, luaopen_string},
                                     {LUA_MATHLIBNAME, luaopen_math}};

int main(void) {
  lua_State* state = luaL_newstate();
  if (!state) return 1;
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    luaL_requiref(state, libraries[i].name, libraries[i].func, 1);
    lua_pop(state, 1);
  }
  if (luaL_loadbuffer(state, script, sizeof script, "=lua.lua") != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(state, -1));
    return 1;
  }
  lua_pushinteger(state, ROUNDS);
  lua_call(state, 1, 1);
  printf("%s\n", lua_tostring(state, -1));
  return 0;
}
