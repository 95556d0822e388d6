# elastic-openmpi.so and elastic-mpich.so connect the processes that mpirun starts. Each is compiled by
# the compiler of its MPI and opened at run time; the binary links neither.
find_program(ELASTIC_OPENMPI_CXX NAMES mpicxx.openmpi mpicxx)
find_program(ELASTIC_MPICH_CXX NAMES mpicxx.mpich mpicxx)
set(elastic_mpi_modules)

# elastic_mpi_module(NAME COMPILER QUERY PATTERN): adds a module if the output of `COMPILER QUERY`
# shows that it compiles for this MPI.
function(elastic_mpi_module name compiler query pattern)
  if(ELASTIC_MPI STREQUAL "OFF" OR NOT compiler)
    return()
  endif()
  execute_process(COMMAND ${compiler} ${query} OUTPUT_VARIABLE answer ERROR_VARIABLE answer)
  if(NOT answer MATCHES "${pattern}")
    return()
  endif()
  set(module ${PROJECT_BINARY_DIR}/elastic-${name}.so)
  set(source ${PROJECT_SOURCE_DIR}/src/dist/mpi_module.cpp)
  add_custom_command(
    OUTPUT ${module}
    COMMAND ${CMAKE_COMMAND} -E env OMPI_CXX=${CMAKE_CXX_COMPILER} MPICH_CXX=${CMAKE_CXX_COMPILER}
            ${compiler} -std=c++20 -O2 -Wall -Wextra -fPIC -shared -fvisibility=hidden -Wl,--as-needed
            -I${PROJECT_SOURCE_DIR}/src ${source} -o ${module}
    DEPENDS ${source} ${PROJECT_SOURCE_DIR}/src/dist/mpi_functions.h
    VERBATIM)
  set(elastic_mpi_modules ${elastic_mpi_modules} ${module} PARENT_SCOPE)
endfunction()

elastic_mpi_module(openmpi "${ELASTIC_OPENMPI_CXX}" --showme:version "Open MPI")
elastic_mpi_module(mpich "${ELASTIC_MPICH_CXX}" -show "mpich")
if(elastic_mpi_modules)
  add_custom_target(elastic_mpi ALL DEPENDS ${elastic_mpi_modules})
  add_dependencies(elastic elastic_mpi)
  install(FILES ${elastic_mpi_modules} DESTINATION lib/elastic COMPONENT elastic)
elseif(ELASTIC_MPI STREQUAL "ON")
  message(FATAL_ERROR "ELASTIC_MPI=ON: neither Open MPI (libopenmpi-dev) nor MPICH (libmpich-dev) was found")
endif()
