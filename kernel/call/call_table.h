// The calls of a port that outlive their dispatch, by number: for what comes for one later, such as
// an item of its stream or a cancel. Fixed in size; a search looks at one in 256 of them.
//
// Thread: the node's. A member leaves the table when it is unlinked or destroyed.
#ifndef JACKFIELD_KERNEL_CALL_CALL_TABLE_H_
#define JACKFIELD_KERNEL_CALL_CALL_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/list.h"

namespace jackfield {

class ServerCall;
class Session;

// A call's place in the table; it lies in the call.
struct CallPlaceTag {};
struct CallPlace : ListNode<CallPlaceTag> {
  const Session* session = nullptr;
  uint64_t call_id = 0;
  ServerCall* call = nullptr;
};

class CallTable {
 public:
  // Requires: its three members are set, and it is in no table. A number that a hostile client uses
  // twice at a time stands for the call that came first.
  void Insert(CallPlace& place) { ListOf(place.session, place.call_id).PushBack(place); }

  // nullptr: there is none.
  ServerCall* Find(const Session& session, uint64_t call_id) {
    const auto& list = ListOf(&session, call_id);
    for (CallPlace* place = list.front(); place != nullptr; place = list.next(place)) {
      if (place->session == &session && place->call_id == call_id) return place->call;
    }
    return nullptr;
  }

 private:
  static constexpr size_t kLists = 256;
  // A client counts its calls in the low bits; sessions lie some hundred bytes apart.
  List<CallPlace, CallPlaceTag>& ListOf(const Session* session, uint64_t call_id) {
    return lists_[(call_id + (reinterpret_cast<uintptr_t>(session) >> 8) * 37) % kLists];
  }
  std::array<List<CallPlace, CallPlaceTag>, kLists> lists_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_CALL_TABLE_H_
