// The service jackfield.sys.Schema: tells what a port serves, and hands out the schemas that are
// embedded in the program, so that a tool can show and make messages of a service it has never
// seen.
//
// Generated services call this in RegisterOn; a port that serves nothing generated may call it too.
#ifndef JACKFIELD_SERVICES_SCHEMA_SCHEMA_H_
#define JACKFIELD_SERVICES_SCHEMA_SCHEMA_H_

#include "jackfield/port.h"

namespace jackfield {

// Serves the schemas of all interfaces that `port` has (Port::AddInterface), its own included. Once
// or more often.
void ServeSchemas(Port& port);

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_SCHEMA_SCHEMA_H_
