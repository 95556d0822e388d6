# Writes the commit of SOURCE_DIR to the header OUTPUT, touching it only when it changed. Run at
# every build: cmake -DSOURCE_DIR=... -DOUTPUT=... -P build_commit.cmake
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --abbrev=12 --exclude=* --dirty
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define ELASTIC_BUILD_COMMIT \"${commit}\"\n")
