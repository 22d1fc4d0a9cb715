// signal: — pulses: one-way messages of up to 4 bytes, each a queued real-time signal to a thread
// of another process of the same user. Nothing is made in the system, no descriptor is shared, no
// place is agreed on but the process itself: to wake, to tell a small number. One way
// (docs/decisions/0006, 0008): no calls, no streams.
//
//   signal:                          a server gets a free signal of the thread that its node runs
//                                    in, and reports
//   signal:4121?thread=4123&signal=40&start=381223
//                                    which a channel is given: the process, its thread (if not
//                                    said: the first), the signal (if not said: 40), and its start
//                                    time, by which a later process of the same pid is not
//                                    mistaken for it (if not said: whoever has that pid now)
//   signal:?signal=40                a server that wants that signal, 34..64
//
// The signal is blocked in the node's thread, from then on for good: a pulse that came after it was
// unblocked would end the process (signal(7)). It is sent to that thread alone, so what other
// threads block does not matter.
#ifndef JACKFIELD_TRANSPORTS_SIGNAL_SIGNAL_H_
#define JACKFIELD_TRANSPORTS_SIGNAL_SIGNAL_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeSignalTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIGNAL_SIGNAL_H_
