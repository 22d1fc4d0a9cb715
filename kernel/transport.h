// The waist. A transport carries frames over one kind of medium; these five functions are all of
// it: three here, two in kernel/link.h's LinkDriver. docs/adding-a-transport.md walks through one.
//
// Thread: a Transport is shared by every loop of the process and must be safe for that (most hold
// nothing). What Open makes belongs to its loop's thread.
#ifndef JACKFIELD_KERNEL_TRANSPORT_H_
#define JACKFIELD_KERNEL_TRANSPORT_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/caps.h"
#include "kernel/link.h"

namespace jackfield {

class Loop;

enum class Role { kServe, kConnect };

// Receives the links that an opening produces: one for a connection, any number for a listener.
// Calls come from the loop's loop, never from inside Open.
class LinkSink {
 public:
  virtual ~LinkSink() = default;
  // A server is ready; `actual` is the address with what was chosen for it filled in (a port, a
  // name).
  virtual void OnServing(const Address& actual) = 0;
  virtual void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) = 0;
  // The opening has come to nothing (connect) or will produce no more (serve).
  virtual void OnOpenFailed(absl::Status status) = 0;

  // ---- From a server; who connects has no use for them.
  // A client was turned away before there was a link, and has been told why if it could be.
  virtual void OnRefused(const absl::Status& /*why*/) {}
  // There is no descriptor for a client that is at the door. True: look again in a moment, for one
  // is being given back, or it is not known yet whether one can be. False: the client is to be
  // refused.
  virtual bool MakeRoom() { return false; }
};

// An opening under way. Destroying it stops it: no call to the sink comes after. (The kernel does
// not destroy one in a forked child, where it is the parent's: Loop::forked.)
class Opening {
 public:
  virtual ~Opening() = default;
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual std::string_view scheme() const = 0;

  // What `address` can do in that role. Pure: no system call.
  // Errors: INVALID_ARGUMENT (bad target, unknown or bad parameter).
  virtual absl::StatusOr<Caps> Describe(const Address& address, Role role) const = 0;

  // Starts to serve or to connect. Requires: `loop` and `sink` outlive the Opening.
  // Errors: as Describe; RESOURCE_EXHAUSTED (descriptors, memory, with the limit's name);
  // ALREADY_EXISTS (another serves there); PERMISSION_DENIED; UNAVAILABLE (nobody serves there yet:
  // worth another try).
  virtual absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role,
                                                        Loop& loop, LinkSink& sink) const = 0;
};

// A shim wraps the links of whatever stands behind it in an address ("chaos+unix:…"). `address` is
// the whole address, from this shim on; `inner` what stands behind it.
class Shim {
 public:
  virtual ~Shim() = default;
  virtual std::string_view name() const = 0;
  // Does it add what a medium lacks, so that it may be put in front of one unasked
  // (Registry::Stack)?
  virtual bool mends() const { return false; }
  // The keys that it takes from the address; the rest goes on to the inner transport.
  virtual std::span<const std::string_view> keys() const = 0;
  // Are the bytes that reach the medium encrypted and authenticated, so that it may be one that
  // strangers read and write (Address::secured)?
  virtual bool secures() const { return false; }
  // The effect on Caps: pure.
  virtual absl::StatusOr<Caps> Describe(const Address& address, const Caps& inner) const = 0;
  // Can it be opened here: are the files there that `address` names? Asked before Open, and by
  // `check`; reads them. Errors: what helps, with INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED …
  virtual absl::Status Check(const Address& /*address*/, Role /*role*/) const {
    return absl::OkStatus();
  }
  // Wraps a link of the inner transport, of the end that has that role. What the shim finds out
  // about the peer it adds before the first frame that it pushes (Link::NoteCertificate); that it
  // does not let the peer in it says by Closed, with a code other than UNAVAILABLE, which ends a
  // client's attempts.
  virtual absl::StatusOr<std::unique_ptr<LinkDriver>> Wrap(
      const Address& address, Role role, Loop& loop, std::unique_ptr<LinkDriver> inner,
      const LinkTraits& inner_traits) const = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_TRANSPORT_H_
