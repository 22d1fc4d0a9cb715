// A role with many servers: one of them, one by key, or all at once.
// Thread rules, ownership, limits and errors: services/pool/pool.h, services/pool/survey.h
//
//   absl::StatusOr<Pool<PackerClient>> pool = Pool<PackerClient>::Open(service, "packer");
//   co_await pool->One().Pack(parcel);
#ifndef JACKFIELD_PUBLIC_POOL_H_
#define JACKFIELD_PUBLIC_POOL_H_

#include "services/pool/pool.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_POOL_H_
