// `tls+X:` — TLS 1.3, both ends authenticated, over a transport X that goes both ways, keeps order
// and loses nothing.
//
//   tls+tcp://10.1.2.3:7000?ca=ca.pem&cert=kv.pem&key=kv.key&name=kv.shop
//   tls+tcp://10.1.2.3:7000?token=/etc/shop/token
//
//   ca=FILE      the authority that has signed the other end's certificate (PEM)
//   cert=FILE    this end's certificate and those between it and the authority (PEM)
//   key=FILE     this end's private key (PEM)
//   name=NAME    the service's: who connects wants it in the service's certificate. Without it the
//                host of the address; where the address has none, it must be said
//   token=FILE   in place of the three: a secret of 16 bytes or more that both ends have
//
// An address names files and never has a secret in it. A private key or a token that others than
// its owner and its group may read is refused. The files are looked at again for each connection,
// and read again when they have changed; while what they have become cannot be used, what they
// were is.
//
// What is below may be one that strangers read (no ?plain). The effect on Caps: encrypted; frames
// of up to 16 MiB, whatever size the medium's have; no descriptors. Thread: as the inner transport.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Shim> MakeTlsShim();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_H_
