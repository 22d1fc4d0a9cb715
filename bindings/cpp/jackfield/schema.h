// The schemas of a port, served to whoever asks. Generated services do it in RegisterOn.
// Thread rules, ownership, limits and errors: services/schema/schema.h
//
//   ServeSchemas(**port);
#ifndef JACKFIELD_PUBLIC_SCHEMA_H_
#define JACKFIELD_PUBLIC_SCHEMA_H_

#include "services/schema/schema.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_SCHEMA_H_
