# Files and locations of `cmake --install` and `cpack -G DEB`. At build time, the binary writes its
# manual page and shell completions.
include(GNUInstallDirs)

set(shell_files ${PROJECT_BINARY_DIR}/shell)
set(bash_completion ${shell_files}/elastic)
set(zsh_completion ${shell_files}/_elastic)
set(fish_completion ${shell_files}/elastic.fish)
# Debian requires compressed pages without a time stamp; `man` reads compressed and plain pages.
find_program(ELASTIC_GZIP gzip)
set(man_page ${shell_files}/elastic.1)
set(compress ${CMAKE_COMMAND} -E true)
if(ELASTIC_GZIP)
  set(compress ${ELASTIC_GZIP} -9nf ${man_page})
  string(APPEND man_page .gz)
endif()
add_custom_command(
  OUTPUT ${man_page} ${bash_completion} ${zsh_completion} ${fish_completion}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${shell_files}
  COMMAND $<TARGET_FILE:elastic> completion bash > ${bash_completion}
  COMMAND $<TARGET_FILE:elastic> completion zsh > ${zsh_completion}
  COMMAND $<TARGET_FILE:elastic> completion fish > ${fish_completion}
  COMMAND $<TARGET_FILE:elastic> man > ${shell_files}/elastic.1
  COMMAND ${compress}
  DEPENDS elastic
  VERBATIM)
add_custom_target(elastic_shell_files ALL DEPENDS ${man_page})

set(doc_dir ${CMAKE_INSTALL_DATADIR}/doc/elastic)
install(TARGETS elastic COMPONENT elastic)
install(FILES ${man_page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT elastic)
install(FILES ${bash_completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        COMPONENT elastic)
install(FILES ${zsh_completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        COMPONENT elastic)
install(FILES ${fish_completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
        COMPONENT elastic)
install(FILES README.md CHANGELOG.md DESTINATION ${doc_dir} COMPONENT elastic)
install(FILES LICENSE DESTINATION ${doc_dir} RENAME copyright COMPONENT elastic)
install(DIRECTORY docs DESTINATION ${doc_dir} COMPONENT elastic FILES_MATCHING PATTERN *.md
        PATTERN *.svg)
# Debian's place for units, which systemd reads below any prefix of the system.
install(FILES cmake/elastic@.service DESTINATION lib/systemd/system COMPONENT elastic)
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/elastic COMPONENT elastic)
# A separate package for the data: its licence excludes commercial use.
install(DIRECTORY data/ml-latest-small DESTINATION ${CMAKE_INSTALL_DATADIR}/elastic/data
        COMPONENT data)
install(FILES data/ml-latest-small/README.txt DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/elastic-data
        RENAME copyright COMPONENT data)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME elastic)
# Distributors set their own name and address: -DELASTIC_MAINTAINER="Name <mail>".
set(ELASTIC_MAINTAINER "the elastic authors <elastic@localhost>" CACHE STRING
    "Maintainer of the Debian packages")
set(CPACK_PACKAGE_CONTACT ${ELASTIC_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL elastic data)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ELASTIC_PACKAGE_NAME elastic)
set(CPACK_DEBIAN_ELASTIC_PACKAGE_SECTION science)
set(CPACK_DEBIAN_ELASTIC_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_ELASTIC_PACKAGE_SUGGESTS elastic-data)
set(CPACK_COMPONENT_ELASTIC_DESCRIPTION "sequential recommendation over long histories
Trains a model on a file of interactions, evaluates it against the whole
catalogue, and recommends items for any history, on the command line. The main
model replaces attention between events by a few interest experts, so that the
time of a layer is linear in the length of the history.")
set(CPACK_DEBIAN_DATA_PACKAGE_NAME elastic-data)
set(CPACK_DEBIAN_DATA_PACKAGE_SECTION non-free/science)
set(CPACK_DEBIAN_DATA_PACKAGE_ARCHITECTURE all)
set(CPACK_COMPONENT_DATA_DESCRIPTION "MovieLens ml-latest-small, to try elastic on
100,836 ratings of 9,742 films by 610 users, collected by GroupLens Research
at the University of Minnesota. Not for commercial use.")
# A build for this machine must not reach others by accident.
option(ELASTIC_PACKAGE_NATIVE "Let cpack package a build with ELASTIC_NATIVE=ON" OFF)
if(ELASTIC_NATIVE AND NOT ELASTIC_PACKAGE_NATIVE)
  file(WRITE ${PROJECT_BINARY_DIR}/refuse_native_package.cmake "message(FATAL_ERROR
    \"this build may run on this machine only: configure with -DELASTIC_NATIVE=OFF, or with \"
    \"-DELASTIC_PACKAGE_NATIVE=ON if all machines are of the same kind\")\n")
  set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/refuse_native_package.cmake)
endif()
include(CPack)
