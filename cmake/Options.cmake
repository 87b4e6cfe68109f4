# Compiler, warnings, sanitizers, ccache: what every target of the tree gets.

set(CPC_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
                    -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio's coroutine frames make g++ 12 see these where there is nothing (GCC bugs 101603, 105562).
  add_compile_options(-Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)

if(CPC_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Asio's fences, which this sanitizer does not see; what they order is behind mutexes as well.
  add_compile_options(-Wno-tsan)
endif()
if(CPC_SANITIZE)
  add_compile_options(-fsanitize=${CPC_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CPC_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function)  # clang 14 miscompiles coroutines under it.
  endif()
endif()

find_program(CPC_CCACHE ccache)
if(CPC_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CPC_CCACHE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)  # lets ccache see through precompiled headers
  endif()
endif()

# Compiling one file over TLS and Beast takes more than 1 GB; two at a time is what 4 GB bear.
set_property(GLOBAL PROPERTY JOB_POOLS heavy=2)

# Most of what a file costs is what its headers make of it, so several files of a library are
# compiled as one. What reads single files (clang-tidy) turns it off.
option(CPC_UNITY "Compile several files of a library as one" ON)
if(CPC_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-subobject-linkage)  # Of anonymous namespaces in what is not a main file.
endif()
function(cpc_unity name files)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${CPC_UNITY} UNITY_BUILD_BATCH_SIZE ${files})
endfunction()

# cpc_library(name [LINK targets...]): the static library of the calling folder, from its .cc files.
function(cpc_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  cpc_unity(${name} 6)
endfunction()
