// QuickJS, as a WASI command: runs the script that is compiled in, with the global `rounds` set to ROUNDS.
#include <stdio.h>
#include <string.h>

#include "quickjs.h"

static const char script[] = {
#ifdef EXPRESSION
#embed "expression.js" suffix(, 0)
#else
#embed "quickjs.js" suffix(, 0)
#endif
};

int main(void) {
  JSRuntime* runtime = JS_NewRuntime();
  // The context's own guard knows the addresses of a native stack.
  JS_SetMaxStackSize(runtime, 0);
  JSContext* context = JS_NewContext(runtime);
  JSValue global = JS_GetGlobalObject(context);
  JS_SetPropertyStr(context, global, "rounds", JS_NewInt32(context, ROUNDS));
  JS_FreeValue(context, global);
  JSValue result = JS_Eval(context, script, sizeof script - 1, "quickjs.js", JS_EVAL_TYPE_GLOBAL);
  int failed = JS_IsException(result);
  if (failed) result = JS_GetException(context);
  const char* text = JS_ToCString(context, result);
  printf("%s\n", text ? text : "no text");
  JS_FreeCString(context, text);
  JS_FreeValue(context, result);
  JS_FreeContext(context);
  JS_FreeRuntime(runtime);
  return failed;
}
