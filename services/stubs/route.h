// Where the calls of a generated client go: to a channel, or to those of a pool (services/pool),
// which has chosen one and chooses another when a call is made again.
//
// Thread: the node's. Ownership: refers to the channel and the pool, which outlive it and what is
// called with it.
#ifndef JACKFIELD_SERVICES_STUBS_ROUTE_H_
#define JACKFIELD_SERVICES_STUBS_ROUTE_H_

#include "kernel/call/channel.h"

namespace jackfield {

class Route {
 public:
  class Chooser {
   public:
    // For one more try of a call that has failed on `tried`; the same where there is no better one.
    virtual Channel& Another(const Channel& tried) = 0;

   protected:
    ~Chooser() = default;
  };

  Route(Channel& channel) : channel_(&channel) {}  // NOLINT: a channel is a route
  Route(Channel& channel, Chooser& chooser) : channel_(&channel), chooser_(&chooser) {}

  Channel& channel() const { return *channel_; }
  Route Again() const {
    return chooser_ == nullptr ? *this : Route(chooser_->Another(*channel_), *chooser_);
  }

 private:
  Channel* channel_;
  Chooser* chooser_ = nullptr;  // null: the same channel again
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_ROUTE_H_
