# CPU kernels for several instruction sets in one binary, for builds with ELASTIC_NATIVE=OFF on
# x86-64. src/tensor/cpu_level.cpp chooses one at run time.
#
# Each level's objects become one object file whose static initialisers are in a section of their own,
# so that none of them runs before the level is chosen. The linker would merge inline functions and
# templates of all levels, and might keep a copy with instructions that the CPU lacks; so the names
# in the objects of v3 and v4 become local, except for the kernels' tables, which all levels share.
set(cpu_levels FALSE)
if(NOT ELASTIC_NATIVE AND NOT ELASTIC_SANITIZE AND NOT ELASTIC_SANITIZE_THREADS AND NOT ELASTIC_FUZZ
   AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(cpu_levels TRUE)
endif()

# elastic_cpu_level(LEVEL OUT): the merged object file of elastic_cpu_LEVEL.
function(elastic_cpu_level level out)
  set(merged ${PROJECT_BINARY_DIR}/elastic_cpu_${level}.o)
  set(objects $<FILTER:$<TARGET_OBJECTS:elastic_cpu_${level}>,EXCLUDE,\\.gch$>)
  set(rename --rename-section .init_array=elastic_cpu_${level})
  if(level STREQUAL "v2") # its names serve the rest of the program, too
    set(link -r)
    set(localize)
  else()
    set(link -r --force-group-allocation)
    set(localize --wildcard "--keep-global-symbol=_ZN7elastic11KernelTableI*E9functionsE")
  endif()
  add_custom_command(
    OUTPUT ${merged}
    COMMAND ${CMAKE_LINKER} ${link} -o ${merged} ${objects}
    COMMAND ${CMAKE_OBJCOPY} ${rename} ${localize} ${merged}
    DEPENDS elastic_cpu_${level} ${objects}
    COMMAND_EXPAND_LISTS VERBATIM)
  set_source_files_properties(${merged} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set(${out} ${merged} PARENT_SCOPE)
endfunction()
