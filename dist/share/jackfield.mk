# Stubs of schemas, for GNU make:
#
#   include $(shell pkg-config --variable=makefile jackfield)
#   greet: main.o greet_service.o
#   main.o: greet_service.h
#
# Of X.fbs, which has an rpc_service, X_service.h and X_service.cc are made, and X_generated.h,
# which they include; of others say X_generated.h. A schema includes another by its path from here, where
# make runs, and so does what is made: compile with -I. there.

JACKFIELD_STUBS ?= $(dir $(lastword $(MAKEFILE_LIST)))../../bin/jackfield_stubs
FLATC ?= flatc

%_generated.h: %.fbs
	$(FLATC) --cpp --cpp-std c++17 --scoped-enums --keep-prefix -I . -o $(@D) $<

%.bfbs: %.fbs
	$(FLATC) --binary --schema --bfbs-comments --bfbs-builtins --bfbs-filenames . -I . -o $(@D) $<

# One run makes the three of them.
%_service.h %_service.cc %_schema.inc: %.fbs %.bfbs %_generated.h
	$(JACKFIELD_STUBS) --source $< --bfbs $*.bfbs --out $(@D)

.PRECIOUS: %_generated.h %.bfbs %_service.h %_service.cc %_schema.inc
