# The CUDA backend: found and built, or its stand-in. Sets `elastic_cuda_version`, for --version.
set(elastic_cuda_version "not built in")
set(with_cuda FALSE)
if(NOT ELASTIC_CUDA STREQUAL "OFF")
  # Ampere and Hopper, and code that the driver compiles for what comes after.
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90 CACHE STRING "GPU architectures")
  endif()
  if(NOT CMAKE_CUDA_COMPILER AND DEFINED ENV{CUDACXX})
    set(CMAKE_CUDA_COMPILER $ENV{CUDACXX})
  elseif(NOT CMAKE_CUDA_COMPILER)
    find_program(ELASTIC_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda /opt/cuda
                 PATH_SUFFIXES bin)
    if(ELASTIC_NVCC)
      set(CMAKE_CUDA_COMPILER ${ELASTIC_NVCC})
    endif()
  endif()
  if(CMAKE_CUDA_COMPILER)
    if(NOT CMAKE_CUDA_HOST_COMPILER AND NOT DEFINED ENV{CUDAHOSTCXX})
      set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER}) # not whatever g++ is in the path
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit 12.1 REQUIRED)
    if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION) # CMake 3.25 does not know that nvcc has it
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    set(CMAKE_CUDA_STANDARD_REQUIRED ON)
    set(elastic_cuda_version ${CUDAToolkit_VERSION})
    set(with_cuda TRUE)
  elseif(ELASTIC_CUDA STREQUAL "ON")
    message(FATAL_ERROR "ELASTIC_CUDA=ON: nvcc was not found; install the CUDA Toolkit (12.1 or "
                        "later), name its nvcc in CUDACXX, or configure with -DELASTIC_CUDA=OFF")
  else()
    message(STATUS "nvcc was not found: building without the CUDA backend")
  endif()
endif()

function(elastic_cuda_folder)
  if(NOT with_cuda)
    add_library(elastic_cuda STATIC ${PROJECT_SOURCE_DIR}/src/cuda/no_cuda.cpp)
    target_link_libraries(elastic_cuda PUBLIC elastic_options elastic_tensor)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cuda/*.cu)
  add_library(elastic_cuda STATIC ${sources} ${PROJECT_SOURCE_DIR}/src/cuda/blas_library.cpp)
  # cuBLAS is loaded at run time, where a GPU is used.
  target_link_libraries(elastic_cuda PUBLIC elastic_options elastic_tensor CUDA::cudart_static)
  set_source_files_properties(src/cuda/blas_library.cpp PROPERTIES COMPILE_DEFINITIONS
                              "ELASTIC_CUDA_LIBRARIES=\"${CUDAToolkit_LIBRARY_DIR}\"")
  # What nvcc generates for the host is not pedantic.
  list(JOIN warnings "," host_warnings)
  target_compile_options(elastic_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${host_warnings}
                         --expt-relaxed-constexpr --threads=2 -Werror=cross-execution-space-call>)
endfunction()
