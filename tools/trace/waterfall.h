// A trace as a picture of text: a line a call, and beside it when it was.
//
//   trace 4bf92f3577b34da6a3ce929d0e0e4736  1.31 ms, 3 calls
//   jackfield → orders   orders.Orders/Place   1.31 ms  ▕·━━━━━━━━━━━━━━━━━━━━━━━━━━━━━·▏
//   orders → stock         shop.Stock/Reserve  0.42 ms  ▕   ·──━━━━━·                   ▏
//
// · on its way (to the service and back), ─ waiting for its handler, ━ in its handler. A call of
// which only one end is known is ━ all along.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_TRACE_WATERFALL_H_
#define JACKFIELD_TOOLS_TRACE_WATERFALL_H_

#include <cstddef>
#include <string>

#include "tools/trace/assemble.h"

namespace jackfield::trace {

inline constexpr size_t kBarLeast = 20;  // columns of a bar, however narrow the terminal is

// columns: of the terminal. Lines without an end; each ends in '\n'.
std::string WaterfallOf(const Trace& trace, size_t columns);

}  // namespace jackfield::trace

#endif  // JACKFIELD_TOOLS_TRACE_WATERFALL_H_
