#pragma once

#include <mpi.h>

// Open MPI's handles are macros that cast the addresses of its own structures, which Swift does not import.
static inline MPI_Comm COpenMPI_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype COpenMPI_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype COpenMPI_double(void) { return MPI_DOUBLE; }
static inline MPI_Datatype COpenMPI_byte(void) { return MPI_BYTE; }
static inline MPI_Op COpenMPI_sum(void) { return MPI_SUM; }
static inline MPI_Op COpenMPI_max(void) { return MPI_MAX; }
// A cast of an integer to a pointer.
static inline void *COpenMPI_in_place(void) { return MPI_IN_PLACE; }
// What MPI_Abort does once it has printed ten lines over the error that the caller has just told of.
extern int ompi_mpi_abort(MPI_Comm world, int code) __attribute__((weak));
static inline void COpenMPI_abort(int code) {
  if (ompi_mpi_abort) ompi_mpi_abort(MPI_COMM_WORLD, code);
  MPI_Abort(MPI_COMM_WORLD, code);
}
// A cast of the address of a structure.
static inline MPI_Errhandler COpenMPI_errors_return(void) { return MPI_ERRORS_RETURN; }
